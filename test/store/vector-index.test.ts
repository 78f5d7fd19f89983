import { expect } from 'chai';
import pg from 'pg';
import { seededRandom } from '../../infra/eval/scoring/random.ts';
import type { Passage } from '../../shared/messages/retrieval.ts';
import { type Collection, deleteCollection, findCollection } from '../../shared/store/collections.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { indexVectors } from '../../shared/store/unindexed-vectors.ts';
import { tendLargeCollections } from '../../shared/store/upkeep.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';
import { VECTOR_INDEX_PREFIX } from '../../shared/store/vector-index.ts';
import { type FreshDatabase, freshPostgres, POSTGRES_URL } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { ingest, sampleCollection } from './samples.ts';

const SET_UP_MS = 120_000;
const DIMENSIONS = 32;
const THRESHOLD = 50;

interface Known {
  readonly name: string;
  readonly valid: boolean;
}

const indexes = ({ db }: FreshDatabase) =>
  db.query<Known>(
    `select relname as name, indisvalid as valid from pg_index join pg_class on pg_class.oid = indexrelid
     where indrelid = 'vectors'::regclass and relname like 'vectors_hnsw%' order by 1`,
  );

/** Vectors around a few centres, as texts of a few topics have them. */
function vectors(count: number, seed: number): number[][] {
  const random = seededRandom(seed);
  const around = (centre: readonly number[], spread: number) =>
    centre.map((value) => value + spread * (random() - 0.5));
  const centres = Array.from({ length: 20 }, () => around(new Array<number>(DIMENSIONS).fill(0), 1));
  return Array.from({ length: count }, (_, index) => around(centres[index % centres.length] ?? [], 0.8));
}

const WORDS = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta'];

async function fill({ db }: FreshDatabase, collection: Collection, documents: number, passages: number): Promise<void> {
  const all = vectors(documents * passages, collection.id);
  const document = (index: number) => ({
    id: `d${index}`,
    metadata: { tenth: index % 10, half: index % 2 },
    passages: all
      .slice(index * passages, (index + 1) * passages)
      .map((vector, at) => [`${WORDS[at % WORDS.length]} ${WORDS[index % 7]}`, vector] as const),
  });
  await Promise.all(Array.from({ length: documents }, (_, index) => ingest(db, collection, document(index))));
}

const find = (
  { db }: FreshDatabase,
  { owner, name }: Collection,
  vector: readonly number[],
  filter?: Record<string, number>,
) =>
  searchPassages(db, {
    ...{ owner, collection: name, query: '', mode: 'vector', top_k: 10, vector: vectorBase64(vector) },
    ...(filter === undefined ? {} : { filter }),
  });

const idsOf = (passages: readonly Passage[]) => passages.map(({ passage_id }) => passage_id);

/** Share of the exact answers that are among the found. */
const recall = (exact: readonly Passage[][], found: readonly Passage[][]): number => {
  const shares = exact.map((answers, index) => {
    const ids = new Set(idsOf(found[index] ?? []));
    return answers.filter(({ passage_id }) => ids.has(passage_id)).length / answers.length;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
};

const server = POSTGRES_URL;
if (server === undefined)
  it.skip('vector indexes on Postgres: neither TEST_DATABASE_URL nor DATABASE_URL names a server');
else
  describe('vector indexes on Postgres', function () {
    this.timeout(SET_UP_MS);
    let fresh: FreshDatabase;
    let large: Collection;
    let small: Collection;
    before(async () => {
      fresh = await freshPostgres(server);
      large = await sampleCollection(fresh.db);
      small = await sampleCollection(fresh.db);
      await fill(fresh, large, 100, 30);
      await fill(fresh, small, 1, THRESHOLD);
    });
    after(() => fresh?.drop());

    const tend = async (signal?: AbortSignal) => {
      const { built, dropped } = await tendLargeCollections(fresh.db, { threshold: THRESHOLD, signal });
      return { built, dropped };
    };
    const nameOf = ({ generation }: Collection) => `${VECTOR_INDEX_PREFIX}${generation}`;
    const session = async () => {
      const client = new pg.Client({ connectionString: fresh.url });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    };

    it('are made above the threshold, find what an exact scan finds, and also behind filters', async () => {
      const queries = vectors(40, large.id + 1);
      const filters = [undefined, { half: 1 }, { tenth: 3 }];
      const exact = await Promise.all(
        filters.map((filter) => Promise.all(queries.map((vector) => find(fresh, large, vector, filter)))),
      );
      expect(await tend()).to.deep.equal({ built: [nameOf(large)], dropped: [] });
      expect(await indexes(fresh)).to.deep.equal([{ name: nameOf(large), valid: true }]);
      expect(await tend(), 'once').to.deep.equal({ built: [], dropped: [] });
      for (const [index, filter] of filters.entries()) {
        const found = await Promise.all(queries.map((vector) => find(fresh, large, vector, filter)));
        expect(found.every((passages) => passages.length === 10)).to.equal(true);
        expect(recall(exact[index] ?? [], found), JSON.stringify(filter)).to.be.at.least(0.98);
      }
    });

    it('show what is new, and hide what is not live', async () => {
      const vector = vectors(1, 999)[0] ?? [];
      await ingest(fresh.db, large, { id: 'fresh', passages: [['just come', vector]] });
      expect((await find(fresh, large, vector))[0]?.document_id).to.equal('fresh');
      await ingest(fresh.db, large, { id: 'fresh', passages: [['come again', vector]] });
      const again = (await find(fresh, large, vector)).filter(({ document_id }) => document_id === 'fresh');
      expect(again.map(({ text }) => text)).to.deep.equal(['come again']);
    });

    it('take new vectors in afterwards; searches find them before as well', async () => {
      const unindexed = async () => (await fresh.db.query('select edition, ord from vectors where unindexed')).length;
      await indexVectors(fresh.db);
      expect(await unindexed()).to.equal(0);
      const [first = [], second = []] = vectors(2, 777);
      const passages = Array.from({ length: 120 }, (_, at) => ['late', at === 0 ? first : second] as const);
      await ingest(fresh.db, large, { id: 'late', metadata: { tenth: 3, half: 1 }, passages });
      expect(await unindexed(), 'stored beside the index').to.equal(120);
      const seen = () =>
        Promise.all([undefined, { half: 1 }, { tenth: 3 }].map((filter) => find(fresh, large, first, filter)));
      const before = await seen();
      expect(before.map(([best]) => best?.document_id)).to.deep.equal(['late', 'late', 'late']);
      const both = await Promise.all([indexVectors(fresh.db), indexVectors(fresh.db)]);
      expect(both[0] + both[1], 'each once').to.equal(120);
      expect(await unindexed()).to.equal(0);
      expect((await seen()).map(([best]) => best?.document_id)).to.deep.equal(['late', 'late', 'late']);
    });

    it('of an older release, which take every vector in at once, give way to new ones', async () => {
      const definition = async () => {
        const [row] = await fresh.db.query<{ text: string }>('select pg_get_indexdef(to_regclass($1)) as text', [
          nameOf(large),
        ]);
        return row?.text ?? '';
      };
      const now = await definition();
      await fresh.db.query(`drop index ${nameOf(large)}`);
      await fresh.db.query(now.replace(/WHERE.*/, `where generation = ${large.generation}`));
      expect(await tend()).to.deep.equal({ built: [nameOf(large)], dropped: [nameOf(large)] });
      expect(await definition()).to.equal(now);
      expect(await tend(), 'once').to.deep.equal({ built: [], dropped: [] });
    });

    it('are made by one process at a time', async () => {
      const other = await sampleCollection(fresh.db);
      await fill(fresh, other, 1, THRESHOLD + 1);
      const both = await Promise.all([tend(), tend()]);
      expect(both.flatMap(({ built }) => built)).to.deep.equal([nameOf(other)]);
      await deleteCollection(fresh.db, other.owner, other.name);
      expect((await tend()).dropped, 'with its collection').to.deep.equal([nameOf(other)]);
    });

    it('that a death left unfinished are made again; searches go on without', async () => {
      await fresh.db.query(`drop index ${nameOf(large)}`);
      const vector = vectors(1, 5)[0] ?? [];
      const exact = idsOf(await find(fresh, large, vector));
      // A transaction that goes on keeps the index from becoming valid; then its maker is shot.
      const holder = await session();
      await holder.query('begin isolation level repeatable read');
      await holder.query('select count(*) from vectors');
      const making = tend().catch((error: unknown) => error);
      await eventually(async () => (await indexes(fresh))[0]?.valid === false, {
        within: 20_000,
        what: 'an index being made',
      });
      expect(await tend(), 'while it is being made').to.deep.equal({ built: [], dropped: [] });
      expect(idsOf(await find(fresh, large, vector)), 'meanwhile').to.deep.equal(exact);
      await fresh.db.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'warren-upkeep' and datname = current_database()`,
      );
      expect(await making).to.be.an('error');
      await holder.end();
      expect(await indexes(fresh), 'left behind').to.deep.equal([{ name: nameOf(large), valid: false }]);
      expect(idsOf(await find(fresh, large, vector)), 'afterwards').to.deep.equal(exact);
      const tended = await tend();
      expect(tended).to.deep.equal({ built: [nameOf(large)], dropped: [nameOf(large)] });
      expect(await indexes(fresh)).to.deep.equal([{ name: nameOf(large), valid: true }]);
    });

    it('are ended by the database when their maker goes away', async () => {
      await fresh.db.query(`drop index ${nameOf(large)}`);
      const holder = await session();
      await holder.query('begin isolation level repeatable read');
      await holder.query('select count(*) from vectors');
      const leaving = new AbortController();
      const making = tend(leaving.signal);
      await eventually(async () => (await indexes(fresh)).length === 1, {
        within: 20_000,
        what: 'an index being made',
      });
      leaving.abort();
      expect(await making, 'nothing is waited for').to.deep.equal({ built: [], dropped: [] });
      await holder.end();
      await eventually(async () => (await indexes(fresh))[0]?.valid === true, {
        within: 20_000,
        what: 'a valid index',
      });
    });

    it('go when their generation does', async () => {
      const { generation } = (await findCollection(fresh.db, large.owner, large.name)) ?? large;
      await fresh.db.query(`update generations set state = 'dropped' where id = $1::int`, [generation]);
      expect(await tend()).to.deep.equal({ built: [], dropped: [nameOf(large)] });
      expect(await indexes(fresh)).to.deep.equal([]);
      expect(small.generation).to.not.equal(generation);
    });
  });
