import { parseArgs } from 'node:util';
import amqp from 'amqplib';
import pino from 'pino';
import { chooseEmbeddingModel } from '../../services/embedder/models/choose.ts';
import { sendable } from '../../shared/bus/envelope.ts';
import { EXCHANGES } from '../../shared/bus/topology.ts';
import { parseConfig } from '../../shared/config/config.ts';
import { newId } from '../../shared/ids.ts';
import { commandId } from '../../shared/messages/command.ts';
import { EmbedTexts } from '../../shared/messages/embedding.ts';
import { client } from '../support/api.ts';
import { startMockProcess } from '../support/mock-process.ts';
import { quantile } from '../support/quantiles.ts';
import { startWarren } from '../support/warren.ts';

/**
 * How near the ingestion of a whole Warren (its own broker and database, four services) comes to calling the model
 * directly with ideal batches, and how long queries take meanwhile: their embedding alone (from the command to the
 * event), as a job, and as a search.
 *
 *     npx tsx test/bench/ingest.ts --texts 20000 --passages 20 [--database postgres://…]
 *
 * The mock provider answers a call of n texts after ttft + n·itl ms, as its model's name says, however many calls there
 * are at once. The measure of all things are as many direct calls at once as the embedder makes, each of 64 texts.
 */
const { values } = parseArgs({
  options: {
    texts: { type: 'string', default: '20000' },
    /** Passages of a document; with 1 every command has one text. */
    passages: { type: 'string', default: '20' },
    /** Documents of a job. */
    documents: { type: 'string', default: '100' },
    /** Calls of the model at once. */
    concurrency: { type: 'string', default: '2' },
    model: { type: 'string', default: 'mock-ttft100-itl4-d384' },
    /** Queries when nothing else happens. */
    queries: { type: 'string', default: '100' },
    /** A database of one's own in place of the embedded one. */
    database: { type: 'string' },
  },
});
const count = (name: 'texts' | 'passages' | 'documents' | 'concurrency' | 'queries') => Number(values[name]);
const [TEXTS, PASSAGES, DOCUMENTS] = [count('texts'), count('passages'), count('documents')];
const IDEAL_BATCH = 64;
/** In tokens: no two of the texts below fit one passage. */
const PASSAGE_SIZE = 32;
const COLLECTION = 'bench';
const INGEST_TIMEOUT_MS = 900_000;

const textOf = (n: number) => `Short text number ${n} tells of rabbits, their warrens, and of foxes.`;

const mock = await startMockProcess();
const env = {
  EMBEDDER: 'ollama',
  EMBEDDING_MODEL: values.model,
  OLLAMA_HOST: mock.url,
  EMBED_CONCURRENCY: values.concurrency,
};

/** Texts a second when the model is called directly. */
async function direct(): Promise<number> {
  const config = parseConfig('embedder', { AMQP_URL: 'amqp://unused', ...env });
  const model = chooseEmbeddingModel(config, pino({ level: 'silent' }));
  const most = Math.min(TEXTS, 5_000);
  const begun = performance.now();
  let next = 0;
  const caller = async () => {
    while (next < most) {
      const from = next;
      next = Math.min(most, from + IDEAL_BATCH);
      const batch = Array.from({ length: next - from }, (_, at) => textOf(from + at));
      await model.embed(batch, { role: 'document', signal: new AbortController().signal });
    }
  };
  await Promise.all(Array.from({ length: count('concurrency') }, caller));
  await model.close();
  return (most / (performance.now() - begun)) * 1000;
}

/** Bodies of ingest jobs that have all the texts together. */
function* jobs() {
  let next = 0;
  while (next < TEXTS) {
    const documents = [];
    for (; documents.length < DOCUMENTS && next < TEXTS; next += PASSAGES) {
      const passages = Array.from({ length: Math.min(PASSAGES, TEXTS - next) }, (_, at) => textOf(next + at));
      documents.push({ id: `doc_${next}`, text: passages.join('\n\n'), mime_type: 'text/plain' });
    }
    yield { documents };
  }
}

type Api = ReturnType<typeof client>;

/** Milliseconds of one call. */
async function timed(call: () => Promise<{ status: number; body: unknown }>): Promise<number> {
  const begun = performance.now();
  const { status, body } = await call();
  if (status !== 200) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return performance.now() - begun;
}

/** Sends commands past the gateway and hears all journals, as a copy. */
async function listen(url: string) {
  const connection = await amqp.connect(url, { noDelay: true });
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, EXCHANGES.events, '0');
  const waiting = new Map<string, () => void>();
  await channel.consume(
    queue,
    (message) => {
      const records = message?.content.toString() ?? '';
      for (const [job, heard] of waiting) if (records.includes(job)) heard();
    },
    { noAck: true },
  );
  /** Milliseconds from a query's command in the high lane to its event. Nobody knows the job, so nothing follows. */
  async function embedding(query: string): Promise<number> {
    const job = newId('job');
    const { type, body } = EmbedTexts({ batch: 'query', role: 'query', texts: [query] });
    const id = commandId(job, type, 'query');
    const rest = { priority: 'high', pool: 'default', attempt: 1, max_attempts: 1, replay: 0 } as const;
    const { exchange, key, content, properties } = sendable({ id, job, type, part: 'query', body, ...rest });
    const begun = performance.now();
    const heard = new Promise<void>((resolve) => waiting.set(job, resolve));
    channel.publish(exchange, key, content, { ...properties, persistent: true });
    await heard;
    waiting.delete(job);
    return performance.now() - begun;
  }
  return { embedding, close: () => connection.close() };
}

/** One query after the other, each as an embedding alone, as a job and as a search. */
async function queries(api: Api, { embedding }: Awaited<ReturnType<typeof listen>>, goOn: (done: number) => boolean) {
  const times = { embedding: [] as number[], job: [] as number[], search: [] as number[] };
  for (let n = 0; goOn(n); n += 1) {
    const query = `What does number ${n} tell?`;
    const wish = { type: 'embed', input: { texts: [query] }, priority: 'high' };
    times.embedding.push(await embedding(query));
    times.job.push(await timed(() => api.call('POST', '/v1/jobs', wish, { prefer: 'wait=60' })));
    times.search.push(await timed(() => api.call('POST', '/v1/search', { collection: COLLECTION, query, top_k: 5 })));
  }
  return times;
}

const inWords = (times: readonly number[]) =>
  `p50 ${quantile(times, 0.5).toFixed(0)} ms, p99 ${quantile(times, 0.99).toFixed(0)} ms of ${times.length}`;

/** @returns how many passages the splitter made of all texts */
async function ingest(api: Api): Promise<number> {
  const accepted: string[] = [];
  for (const body of jobs()) {
    const { status, body: job } = await api.call<{ id: string }>(
      'POST',
      `/v1/collections/${COLLECTION}/documents`,
      body,
    );
    if (status !== 202) throw new Error(`answered ${status}: ${JSON.stringify(job)}`);
    accepted.push(job.id);
  }
  let passages = 0;
  for (const id of accepted) {
    const { status, error, result } = await api.done(id, INGEST_TIMEOUT_MS);
    if (status !== 'succeeded') throw new Error(`${id} ${status}: ${JSON.stringify(error)}`);
    passages += (result as { counts: { passages: number } }).counts.passages;
  }
  return passages;
}

const ideal = await direct();
const warren = await startWarren({ ...env, DATABASE_URL: values.database, LOG_LEVEL: 'warn' });
try {
  const api = client(warren.url);
  const line = await listen((await warren.run()).amqp_url);
  await api.call('POST', '/v1/collections', { name: COLLECTION, chunking: { size: PASSAGE_SIZE, overlap: 0 } });
  const idle = await queries(api, line, (done) => done < count('queries'));
  await mock.reset();
  let open = true;
  const asking = queries(api, line, () => open);
  const begun = performance.now();
  const passages = await ingest(api);
  const rate = (passages / (performance.now() - begun)) * 1000;
  open = false;
  const meanwhile = await asking;
  const { batch_sizes } = await mock.counts();
  const calls = Object.entries(batch_sizes).map(([size, calls]) => [Number(size), calls] as const);
  const documents = calls.filter(([size]) => size > 1);
  const inFull = documents.reduce((sum, [size, calls]) => sum + (size === IDEAL_BATCH ? size * calls : 0), 0);
  console.log(`directly, ${values.concurrency} calls of ${IDEAL_BATCH} at once: ${ideal.toFixed(0)} texts/s`);
  console.log(
    `through ingest, ${passages} passages of ${Math.ceil(TEXTS / PASSAGES)} documents: ` +
      `${rate.toFixed(0)} texts/s, ratio ${(rate / ideal).toFixed(2)}`,
  );
  console.log(`texts in calls of ${IDEAL_BATCH}: ${((inFull / passages) * 100).toFixed(0)} %`);
  console.log(`calls by their number of texts: ${calls.map(([size, calls]) => `${size}×${calls}`).join(' ')}`);
  for (const [what, times] of Object.entries({ idle, meanwhile })) {
    for (const [step, each] of Object.entries(times)) console.log(`${what}, ${step} of a query: ${inWords(each)}`);
  }
  await line.close();
} finally {
  await warren.stop();
  await mock.stop();
}
