import { expect } from 'chai';
import { seededRandom } from '../../infra/eval/scoring/random.ts';
import type { Filter } from '../../shared/messages/filter.ts';
import { type Collection, deleteCollection } from '../../shared/store/collections.ts';
import { COMMON } from '../../shared/store/search/worded.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { tendLargeCollections } from '../../shared/store/upkeep.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';
import { type FreshDatabase, freshPostgres, POSTGRES_URL } from '../support/database.ts';
import { ingest, sampleCollection } from './samples.ts';

const SET_UP_MS = 120_000;
const THRESHOLD = 1_000;
const DOCUMENTS = 50;
const PASSAGES = 50;
/** By Zipf's law, as in any language: the nth word is n times as rare as the first. */
const WORDS = Array.from({ length: 300 }, (_, n) => `word${n}`);

function text(random: () => number): string {
  const length = 5 + Math.floor(random() * 40);
  return Array.from({ length }, () => WORDS[Math.floor(WORDS.length ** random()) - 1]).join(' ');
}

const server = POSTGRES_URL;
if (server === undefined) it.skip('vocabularies: neither TEST_DATABASE_URL nor DATABASE_URL names a server');
else
  describe('the vocabulary of a large collection', function () {
    this.timeout(SET_UP_MS);
    let fresh: FreshDatabase;
    let collection: Collection;
    const random = seededRandom(7);
    const store = (id: string, metadata = {}) =>
      ingest(fresh.db, collection, {
        id,
        metadata,
        passages: Array.from({ length: PASSAGES }, () => [text(random), [random(), random()]] as const),
      });
    before(async () => {
      fresh = await freshPostgres(server);
      collection = await sampleCollection(fresh.db);
      await Promise.all(Array.from({ length: DOCUMENTS }, (_, index) => store(`d${index}`, { half: index % 2 })));
    });
    after(() => fresh?.drop());

    const tend = async () => (await tendLargeCollections(fresh.db, { threshold: THRESHOLD })).counted;
    const search = (query: string, filter?: Filter) =>
      searchPassages(fresh.db, {
        ...{ owner: collection.owner, collection: collection.name, query, mode: 'text', top_k: 10, explain: true },
        filter,
      });
    const measures = async (query: string, filter?: Filter) =>
      (await search(query, filter)).map(({ explain }) => explain?.lexical?.bm25.toFixed(4));

    it('spares counting and reading all of its common terms, and finds the same', async () => {
      const queries = [
        'word0 word1 word2',
        'word0',
        'word3 word40 word0',
        'word250 word0 word1 word7',
        'word200 nothing',
      ];
      const exact = await Promise.all(queries.map((query) => measures(query)));
      expect(await tend()).to.deep.equal([collection.id]);
      const [common] = await fresh.db.query<{ n: number }>(
        'select count(*)::int as n from common_terms where passages > $1::int',
        [COMMON],
      );
      expect(common?.n).to.be.greaterThan(2);
      for (const [index, query] of queries.entries()) expect(await measures(query), query).to.deep.equal(exact[index]);
    });

    it('keeps to filters, and to what is live', async () => {
      const half = await search('word0 word40', { half: 1 });
      expect(half).to.have.length(10);
      expect(half.every(({ metadata }) => metadata.half === 1)).to.equal(true);
      await ingest(fresh.db, collection, { id: 'new', passages: [['word0 word0 word299 word299', [1, 1]]] });
      expect((await search('word0 word299'))[0]?.document_id).to.equal('new');
      await ingest(fresh.db, collection, { id: 'new', passages: [['something else', [1, 1]]] });
      expect((await search('word0 word299')).map(({ document_id }) => document_id)).to.not.include('new');
    });

    it('gives the passages near by meaning their full score by words', async () => {
      const found = await searchPassages(fresh.db, {
        ...{ owner: collection.owner, collection: collection.name, query: 'word0 word1', mode: 'hybrid', top_k: 10 },
        vector: vectorBase64([1, 0]),
        explain: true,
      });
      expect(found).to.have.length(10);
      for (const { explain, score } of found) {
        const { weight = NaN, dense, lexical } = explain ?? {};
        expect(weight * (dense?.scaled ?? 0) + (1 - weight) * (lexical?.scaled ?? 0)).to.be.closeTo(score, 1e-6);
      }
    });

    it('is counted again when the collection has changed by a fifth, and goes with it', async () => {
      expect(await tend(), 'nothing has changed').to.deep.equal([]);
      await Promise.all(Array.from({ length: DOCUMENTS / 4 }, (_, index) => store(`more${index}`)));
      expect(await tend()).to.deep.equal([collection.id]);
      await deleteCollection(fresh.db, collection.owner, collection.name);
      expect(await fresh.db.query('select from vocabularies')).to.deep.equal([]);
      expect(await fresh.db.query('select from common_terms')).to.deep.equal([]);
    });
  });
