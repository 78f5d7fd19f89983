import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { findCollection } from '../../shared/store/collections.ts';
import { tendLargeCollections } from '../../shared/store/upkeep.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';
import { embedded } from './search/corpus.ts';
import { pglite, postgres } from './search/engines.ts';
import { fill } from './search/fill.ts';
import { type Asked, latency, recall } from './search/measure.ts';
import { mixture } from './search/mixture.ts';

/**
 * How long a search takes in a large collection, beyond embedding its query, and what an index and filters cost in recall.
 *
 *     TEST_DATABASE_URL=… npx tsx test/bench/search.ts --corpus corpus.jsonl --questions queries.jsonl
 *     npx tsx test/bench/search.ts --corpus … --questions … --engine pglite --passages 10000
 *
 * Both files have a `text` a line. Passages are mixed from the corpus, text and vector alike (see mixture.ts); the local
 * model embeds corpus and questions once, and `--cache` keeps their vectors. `--keep` leaves the database for the next run.
 */
const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    questions: { type: 'string' },
    engine: { type: 'string', default: 'postgres' },
    passages: { type: 'string', default: '100000' },
    /** At once; several numbers are measured one after the other. */
    clients: { type: 'string', default: '1,4' },
    searches: { type: 'string', default: '1000' },
    threshold: { type: 'string', default: '10000' },
    cache: { type: 'string', default: tmpdir() },
    keep: { type: 'boolean', default: false },
  },
});
const { corpus: corpusFile, questions: questionsFile, engine: kind, cache, keep } = values;
if (corpusFile === undefined || questionsFile === undefined) throw new Error('name --corpus and --questions');
const server = process.env.TEST_DATABASE_URL;
if (kind === 'postgres' && server === undefined) throw new Error('TEST_DATABASE_URL names no server');

const PASSAGES = Number(values.passages);
const CLIENTS = values.clients.split(',').map(Number);
const SEARCHES = Number(values.searches);
const WARM_UP = 50;
const NAME = { owner: 'bench', name: `mixed-${PASSAGES}` };

/** `share` is 0 to 99, each in a hundredth of the documents. */
const ASKED: readonly Asked[] = [
  { name: 'hybrid', mode: 'hybrid' },
  { name: 'vector', mode: 'vector' },
  { name: 'text', mode: 'text' },
  { name: 'hybrid, 1 % pass', mode: 'hybrid', filter: { share: 7 } },
  { name: 'hybrid, 10 % pass', mode: 'hybrid', filter: { share: { lt: 10 } } },
  { name: 'hybrid, 50 % pass', mode: 'hybrid', filter: { share: { gte: 50 } } },
];

const corpus = await embedded(corpusFile, 'document', cache);
const questions = (await embedded(questionsFile, 'query', cache)).map(({ text, vector }) => ({
  text,
  vector: vectorBase64([...vector]),
}));
const engine = kind === 'pglite' ? await pglite() : await postgres(server ?? '', keep);
const { db } = engine;
try {
  const known = await findCollection(db, NAME.owner, NAME.name);
  if (known === undefined) {
    const { rate } = await fill(db, NAME, mixture(corpus, PASSAGES));
    console.log(`ingest: ${rate.toFixed(0)} passages/s stored, their words and vectors (8 documents at a time)`);
  }
  const collection = known ?? (await findCollection(db, NAME.owner, NAME.name));
  if (collection === undefined) throw new Error('the collection is gone');
  const begun = performance.now();
  const { built } = await tendLargeCollections(db, { threshold: Number(values.threshold) });
  if (built.length > 0) console.log(`index: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  await db.query('analyze');
  const sizes = await db.query<{ name: string; mb: number }>(
    `select relname as name, (pg_total_relation_size(oid) / 1048576)::int as mb from pg_class
     where relname in ('vectors', 'postings', 'passages', 'editions') or relname like 'vectors_hnsw%' order by 1`,
  );
  console.log(`on disk: ${sizes.map(({ name, mb }) => `${name} ${mb} MB`).join(', ')}`);
  console.log(`\n| search | clients | p50 ms | p99 ms | a second | recall@10 |\n|---|---|---|---|---|---|`);
  for (const asked of ASKED) {
    const found = asked.mode === 'text' ? '' : (await recall(db, collection, asked.filter, questions)).toFixed(3);
    for (const clients of CLIENTS) {
      await latency(db, collection, asked, questions, { clients, searches: WARM_UP });
      const { p50, p99, perSecond } = await latency(db, collection, asked, questions, { clients, searches: SEARCHES });
      const cells = [asked.name, clients, p50.toFixed(1), p99.toFixed(1), perSecond.toFixed(0), found];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
  const own = Math.round(process.memoryUsage.rss() / 2 ** 20);
  const memory = engine.memoryMb();
  console.log(`\nmemory: this process ${own} MB${memory === undefined ? '' : `, the engine ${memory} MB`}`);
} finally {
  await engine.close();
}
