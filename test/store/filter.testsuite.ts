import { expect } from 'chai';
import fc from 'fast-check';
import { Filter } from '../../shared/messages/filter.ts';
import type { Collection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';
import { holds } from './filter-predicate.ts';
import { ingest, sampleCollection } from './samples.ts';

const SEED = 20_260_131;
const RUNS = 150;
const DOCUMENTS = 60;

/** Few keys and values, so that filters do hit; some of them made to break out of quotes and paths. */
const KEYS = ['a', 'b', 'a.b', 'b.a.b', '', '.', '"', '\\', '$', "'; --", '@ == 1) || (1 == 1', 'Größe', '😀'];
const VALUES = [
  0,
  1,
  -1,
  2.5,
  1e21,
  -1e-7,
  'a',
  'b',
  '',
  '1',
  'ab',
  '"',
  '\\"',
  '" || 1 == 1 || "',
  "'",
  '\n',
  '\uffee',
  '😀',
  true,
  false,
  null,
];

const common = fc.constantFrom('a', 'b', 'a.b');
const key = fc.oneof({ arbitrary: common, weight: 4 }, fc.constantFrom(...KEYS));
const value = fc.oneof({ arbitrary: fc.constantFrom(0, 1, 'a', 'b'), weight: 3 }, fc.constantFrom(...VALUES));
const metadata = fc.letrec<{ any: unknown; object: Record<string, unknown> }>((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, value, fc.array(tie('any'), { maxLength: 3 }), tie('object')),
  object: fc
    .tuple(
      fc.dictionary(common, tie('any'), { minKeys: 1, maxKeys: 3 }),
      fc.dictionary(key, tie('any'), { maxKeys: 2 }),
    )
    .map(([some, more]) => ({ ...some, ...more })),
})).object;
const range = (kind: 'number' | 'string') => {
  const some = value.filter((each) => typeof each === kind);
  return fc
    .tuple(fc.constantFrom('gt', 'gte'), some, fc.constantFrom('lt', 'lte'), some, fc.constantFrom(1, 2, 3))
    .map(([lower, from, upper, to, sides]) => ({
      ...(sides & 1 && { [lower]: from }),
      ...(sides & 2 && { [upper]: to }),
    }));
};
const condition = fc.oneof(
  fc.record({ eq: value }),
  fc.record({ in: fc.array(value, { minLength: 1, maxLength: 4 }) }),
  fc.record({ exists: fc.boolean() }),
  range('number'),
  range('string'),
  fc.record({
    in: fc.array(value, { minLength: 1, maxLength: 4 }),
    exists: fc.boolean(),
    gte: value.filter((each) => typeof each === 'number'),
  }),
);
const filter = fc.letrec<{ filter: Record<string, unknown> }>((tie) => {
  const list = fc.array(tie('filter'), { minLength: 1, maxLength: 3 });
  return {
    filter: fc.oneof(
      { depthSize: 'small', maxDepth: 3 },
      fc.dictionary(key, fc.oneof(value, condition), { minKeys: 1, maxKeys: 2 }),
      fc.record({ and: list }),
      fc.record({ or: list }),
      fc.record({ not: tie('filter') }),
      fc
        .tuple(fc.dictionary(key, value, { maxKeys: 1 }), tie('filter'))
        .map(([some, more]) => ({ ...more, ...some, or: [some, more] })),
    ),
  };
}).filter;

export function filterSuite(database: () => Database): void {
  describe('filters', () => {
    const found = async ({ owner, name }: Collection, asked: Record<string, unknown>): Promise<string[]> => {
      const passages = await searchPassages(database(), {
        ...{ owner, collection: name, query: '', mode: 'vector', top_k: 100 },
        vector: vectorBase64([1, 1]),
        filter: Filter.parse(asked),
      });
      return passages.map(({ document_id }) => document_id).sort();
    };

    it('let pass what a predicate in plain JavaScript lets pass', async function () {
      this.timeout(120_000);
      const collection = await sampleCollection(database());
      const documents = fc
        .sample(metadata, { numRuns: DOCUMENTS, seed: SEED })
        .map((each, index) => ({ id: `d${index}`, metadata: each }));
      for (const { id, metadata } of documents)
        await ingest(database(), collection, { id, metadata, passages: [['x', [1, 1]]] });
      let hits = 0;
      await fc.assert(
        fc.asyncProperty(filter, async (asked) => {
          const expected = documents.filter(({ metadata }) => holds(asked, metadata)).map(({ id }) => id);
          if (expected.length > 0 && expected.length < DOCUMENTS) hits += 1;
          expect(await found(collection, asked)).to.deep.equal(expected.sort());
        }),
        { numRuns: RUNS, seed: SEED },
      );
      expect(hits, 'filters that tell documents apart').to.be.greaterThan(RUNS / 4);
    });

    it('know every form', async () => {
      const collection = await sampleCollection(database());
      const documents = {
        old: { year: 1999, tags: ['a', 'b'], published: '1999-12-31', place: { city: 'Ulm' }, draft: null },
        new: { year: 2024, tags: ['b', 'c'], published: '2024-05-01', 'place.city': 'Ulm' },
        odd: { year: '2024', tags: 'c', published: ['2020-01-01', '2030-01-01'] },
      };
      for (const [id, metadata] of Object.entries(documents))
        await ingest(database(), collection, { id, metadata, passages: [[id, [1, 1]]] });
      const expectations: [asked: Record<string, unknown>, ids: string[]][] = [
        [{}, ['new', 'odd', 'old']],
        [{ year: 2024 }, ['new']],
        [{ year: { eq: '2024' } }, ['odd']],
        [{ year: { in: [1999, '2024'] } }, ['odd', 'old']],
        [{ year: { gte: 1999, lt: 2024 } }, ['old']],
        [{ year: { gt: '2' } }, ['odd']],
        [{ published: { gte: '2024-01-01' } }, ['new', 'odd']],
        [{ published: { gt: '2020-01-01', lt: '2030-01-01' } }, ['new']],
        [{ tags: 'b', year: { lt: 2000 } }, ['old']],
        [{ tags: 'c' }, ['new', 'odd']],
        [{ 'place.city': 'Ulm' }, ['new', 'old']],
        [{ draft: null }, ['old']],
        [{ draft: { exists: true } }, ['old']],
        [{ draft: { exists: false } }, ['new', 'odd']],
        [{ not: { tags: 'b' } }, ['odd']],
        [{ or: [{ year: 1999 }, { tags: { eq: 'c' }, published: { lt: '2025' } }] }, ['new', 'odd', 'old']],
        [{ and: [{ tags: 'b' }, { not: { or: [{ year: 1999 }, { year: 1 }] } }] }, ['new']],
      ];
      for (const [asked, ids] of expectations)
        expect(await found(collection, asked), JSON.stringify(asked)).to.deep.equal(ids);
    });

    it('find what the database cannot keep by what it keeps instead', async () => {
      const collection = await sampleCollection(database());
      for (const [id, odd] of Object.entries({ nul: 'a\0b', half: 'a\ud800b', plain: 'a b' }))
        await ingest(database(), collection, { id, metadata: { odd, [odd]: 1 }, passages: [[id, [1, 1]]] });
      for (const odd of ['a\0b', 'a\ud800b', 'a\ufffdb']) {
        expect(await found(collection, { odd })).to.deep.equal(['half', 'nul']);
        expect(await found(collection, { [odd]: 1 })).to.deep.equal(['half', 'nul']);
      }
    });
  });
}
