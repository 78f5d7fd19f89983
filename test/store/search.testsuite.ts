import { expect } from 'chai';
import type { SearchMode } from '../../shared/messages/inputs.ts';
import type { Collection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { CollectionNotFound, DimensionMismatch } from '../../shared/store/errors.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';
import { rejected } from '../support/rejected.ts';
import { ingest, prepare, sampleCollection, unique } from './samples.ts';

export function searchSuite(database: () => Database): void {
  interface Asked {
    readonly mode: SearchMode;
    readonly query?: string;
    readonly vector?: readonly number[];
    readonly top_k?: number;
    readonly filter?: Record<string, string | number | boolean>;
  }
  const search = ({ owner, name }: Collection, { mode, query = '', vector, top_k = 10, filter }: Asked) =>
    searchPassages(database(), {
      owner,
      collection: name,
      query,
      mode,
      top_k,
      ...(vector === undefined ? {} : { vector: vectorBase64(vector) }),
      ...(filter === undefined ? {} : { filter }),
    });
  const texts = async (collection: Collection, asked: Asked) =>
    (await search(collection, asked)).map(({ text }) => text);

  describe('search', () => {
    let pets: Collection;
    before(async () => {
      pets = await sampleCollection(database());
      await ingest(database(), pets, {
        id: 'cats',
        title: 'Cats',
        metadata: { kind: 'cat', year: 2020, wild: false },
        passages: [
          ['the cat purrs on the sofa', [1, 0, 0]],
          ['a cat, a cat, and one more cat', [0.9, 0.1, 0]],
        ],
      });
      await ingest(database(), pets, {
        id: 'dogs',
        title: 'Dogs',
        metadata: { kind: 'dog', year: 2021, wild: false },
        passages: [
          ['the dog barks at the sofa', [0, 1, 0]],
          ['dogs are running through the garden', [0, 0.8, 0.6]],
        ],
      });
      await prepare(database(), pets, { id: 'unseen', passages: [['cat dog sofa', [1, 1, 1]]] });
      const other = await sampleCollection(database(), pets.owner, 'other');
      await ingest(database(), other, { id: 'cats', passages: [['the cat of another collection', [1, 0, 0]]] });
      const foreign = await sampleCollection(database(), unique('owner'), pets.name);
      await ingest(database(), foreign, { id: 'cats', passages: [['the cat of another owner', [1, 0, 0]]] });
    });

    it('by vector orders by cosine similarity', async () => {
      const found = await search(pets, { mode: 'vector', vector: [2, 0, 0] });
      expect(found.map(({ text }) => text.slice(0, 7))).to.deep.equal(['the cat', 'a cat, ', 'the dog', 'dogs ar']);
      expect(found.map(({ similarity }) => Number(similarity?.toFixed(3)))).to.deep.equal([1, 0.994, 0, 0]);
      expect(found[0]?.score).to.equal(1);
      expect(found.at(-1)?.score).to.be.closeTo(0, 1e-6);
      const { passage_id, ...first } = found[0] ?? {};
      expect(passage_id).to.match(/^psg_/);
      expect(first).to.deep.include({ document_id: 'cats', title: 'Cats', heading: 'Top', start: 0, end: 25 });
      expect(first).to.have.deep.property('metadata', { kind: 'cat', year: 2020, wild: false });
    });

    it('by words is BM25: rare words, many times, in short passages; endings do not matter', async () => {
      const found = await search(pets, { mode: 'text', query: 'Where do cats purr?' });
      expect(found.map(({ text }) => text.slice(0, 7))).to.deep.equal(['the cat', 'a cat, ']);
      expect(found[0]).to.not.have.property('similarity');
      expect(await texts(pets, { mode: 'text', query: 'run' })).to.deep.equal(['dogs are running through the garden']);
      expect(await texts(pets, { mode: 'text', query: 'cat' })).to.deep.equal([
        'a cat, a cat, and one more cat',
        'the cat purrs on the sofa',
      ]);
      const sofa = await search(pets, { mode: 'text', query: 'sofa' });
      expect(sofa.map(({ score }) => score)).to.deep.equal([1, 1]);
    });

    it('agrees with BM25 computed by hand', async () => {
      const collection = await sampleCollection(database());
      const passages = ['alpha beta', 'alpha alpha gamma delta', 'beta gamma', 'epsilon zeta eta theta iota'];
      await ingest(database(), collection, { id: 'greek', passages: passages.map((text) => [text, [1, 1]] as const) });
      const found = await search(collection, { mode: 'text', query: 'alpha delta' });
      const length = (text: string) => text.split(' ').length + 1; // and the heading
      const average = passages.reduce((sum, text) => sum + length(text), 0) / passages.length;
      const bm25 = (text: string) =>
        ['alpha', 'delta'].reduce((sum, term) => {
          const df = passages.filter((other) => other.split(' ').includes(term)).length;
          const tf = text.split(' ').filter((word) => word === term).length;
          const idf = Math.log(1 + (passages.length - df + 0.5) / (df + 0.5));
          return sum + (idf * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * length(text)) / average));
        }, 0);
      const byHand = passages.filter((text) => bm25(text) > 0).sort((a, b) => bm25(b) - bm25(a));
      expect(found.map(({ text }) => text)).to.deep.equal(byHand);
      expect(byHand).to.have.length(2);
    });

    it('hybrid adds both by weight', async () => {
      const asked = { query: 'dog barks', vector: [1, 0, 0] };
      const found = await search(pets, { ...asked, mode: 'hybrid' });
      const dense = new Map(
        (await search(pets, { ...asked, mode: 'vector' })).map((passage) => [passage.text, passage.score]),
      );
      const worded = new Map(
        (await search(pets, { ...asked, mode: 'text' })).map((passage) => [passage.text, passage.score]),
      );
      expect(found).to.have.length(4);
      for (const { text, score } of found) {
        expect(score).to.be.closeTo(0.7 * (dense.get(text) ?? 0) + 0.3 * (worded.get(text) ?? 0), 1e-6);
      }
      expect(found.map(({ score }) => score)).to.deep.equal(found.map(({ score }) => score).toSorted((a, b) => b - a));
      expect(found.every(({ similarity }) => similarity !== undefined)).to.equal(true);
    });

    it('hybrid without a vector looks at words alone', async () => {
      expect(await texts(pets, { mode: 'hybrid', query: 'garden' })).to.deep.equal([
        'dogs are running through the garden',
      ]);
    });

    it('is restricted by the metadata of documents', async () => {
      const asked = { vector: [1, 0, 0], query: 'sofa' };
      for (const mode of ['vector', 'text', 'hybrid'] as const) {
        const found = await search(pets, { ...asked, mode, filter: { kind: 'dog', year: 2021, wild: false } });
        expect(new Set(found.map(({ document_id }) => document_id)), mode).to.deep.equal(new Set(['dogs']));
        expect(await texts(pets, { ...asked, mode, filter: { kind: 'dog', year: 2020 } }), mode).to.deep.equal([]);
      }
    });

    it('gives as many as asked', async () => {
      expect(await texts(pets, { mode: 'hybrid', query: 'cat', vector: [1, 0, 0], top_k: 1 })).to.have.length(1);
    });

    it('finds nothing for words that stop, that are unknown, or that are none', async () => {
      for (const query of ['the of and', 'xylophone', '', "'); drop table jobs; --", '\0', '!!! & | <-> :*']) {
        expect(await texts(pets, { mode: 'text', query }), query).to.deep.equal([]);
      }
    });

    it('finds words of any script', async () => {
      const collection = await sampleCollection(database());
      const passages = ['Грамота о кошках', '猫は ソファで眠る', 'naïve café', 'emoji 😀 works'];
      await ingest(database(), collection, {
        id: 'any',
        passages: passages.map((text, index) => [text, [1, index]] as const),
      });
      expect(await texts(collection, { mode: 'text', query: 'ГРАМОТА' })).to.deep.equal([passages[0]]);
      expect(await texts(collection, { mode: 'text', query: 'ソファで眠る' })).to.deep.equal([passages[1]]);
      expect(await texts(collection, { mode: 'text', query: 'café' })).to.deep.equal([passages[2]]);
    });

    it('answers in an empty collection with nothing', async () => {
      const collection = await sampleCollection(database());
      for (const mode of ['vector', 'text', 'hybrid'] as const) {
        expect(await texts(collection, { mode, query: 'cat', vector: [1, 0] }), mode).to.deep.equal([]);
      }
    });

    it('of nothing but zeros is like one without a vector', async () => {
      expect(await texts(pets, { mode: 'vector', vector: [0, 0, 0] })).to.deep.equal([]);
      expect(await texts(pets, { mode: 'hybrid', query: 'garden', vector: [0, 0, 0] })).to.have.length(1);
    });

    it('says when there is no such collection, and when vectors cannot be compared', async () => {
      const nowhere = { ...pets, name: 'nowhere' };
      await rejected(search(nowhere, { mode: 'text', query: 'cat' }), CollectionNotFound);
      await rejected(search({ ...pets, owner: 'thief' }, { mode: 'text', query: 'cat' }), CollectionNotFound);
      await rejected(search(pets, { mode: 'vector', vector: [1, 0] }), DimensionMismatch);
      await rejected(search(pets, { mode: 'vector' }), TypeError);
    });
  });
}
