import { parseArgs } from 'node:util';
import pino from 'pino';
import { chooseEmbeddingModel } from '../../services/embedder/models/choose.ts';
import { type Bus, connectBus } from '../../shared/bus/bus.ts';
import { parseConfig } from '../../shared/config/config.ts';
import { newId } from '../../shared/ids.ts';
import { type Command, commandId } from '../../shared/messages/command.ts';
import { EmbedTexts } from '../../shared/messages/embedding.ts';
import type { Priority } from '../../shared/messages/job.ts';
import { freshVhost } from '../support/broker.ts';
import { startMockProcess } from '../support/mock-process.ts';
import { quantile } from '../support/quantiles.ts';
import { embedder } from '../support/workers.ts';

/**
 * How near the embedder comes to calling the model directly with ideal batches, and what a query waits meanwhile.
 *
 *     WARREN_TEST_AMQP_URL=… WARREN_TEST_MANAGEMENT_URL=… npx tsx test/bench/embedding.ts --texts 20000 --message 32
 *
 * The mock provider answers a call of n texts after ttft + n·itl ms, as its model's name says. The measure of all things
 * are as many direct calls at once as the embedder makes, each of 64 texts.
 */
const { values } = parseArgs({
  options: {
    texts: { type: 'string', default: '20000' },
    /** Texts in one command; ingest sends up to 32. */
    message: { type: 'string', default: '32' },
    /** Calls of the model at once. */
    concurrency: { type: 'string', default: '2' },
    model: { type: 'string', default: 'mock-ttft100-itl4-d64' },
    queries: { type: 'string', default: '200' },
  },
});
const [TEXTS, MESSAGE, QUERIES] = [values.texts, values.message, values.queries].map(Number) as [
  number,
  number,
  number,
];
const IDEAL_BATCH = 64;
const CALLS = Number(values.concurrency);

const texts = Array.from({ length: TEXTS }, (_, n) => `Short text number ${n} about rabbits and their warrens.`);
if (!process.env.WARREN_TEST_AMQP_URL)
  throw new Error('name a broker: WARREN_TEST_AMQP_URL, WARREN_TEST_MANAGEMENT_URL');
const mock = await startMockProcess();
const env = { EMBEDDER: 'ollama', EMBEDDING_MODEL: values.model, OLLAMA_HOST: mock.url };
const log = pino({ level: 'silent' });

/** Texts a second when the model is called directly. */
async function direct(): Promise<number> {
  const config = parseConfig('embedder', { AMQP_URL: 'amqp://unused', ...env });
  const model = chooseEmbeddingModel(config, log);
  const begun = performance.now();
  let next = 0;
  const caller = async () => {
    while (next < texts.length) {
      const batch = texts.slice(next, next + IDEAL_BATCH);
      next += IDEAL_BATCH;
      await model.embed(batch, { role: 'document', signal: new AbortController().signal });
    }
  };
  await Promise.all(Array.from({ length: CALLS }, caller));
  await model.close();
  return (texts.length / (performance.now() - begun)) * 1000;
}

function command(role: 'query' | 'document', priority: Priority, some: readonly string[]): Command {
  const job = newId('job');
  const { type, body } = EmbedTexts({ batch: '0', role, texts: [...some] });
  const id = commandId(job, type, '0');
  return { id, job, type, part: '0', body, priority, pool: 'default', attempt: 1, max_attempts: 3, replay: 0 };
}

/** Resolves a job's promise when its vectors are in the journal. */
async function journal(bus: Bus) {
  const waiting = new Map<string, () => void>();
  const reader = await bus.readJournal(0, async (records) => {
    for (const { job, event } of records) if (event.type === 'texts.embedded') waiting.get(job)?.();
  });
  const done = ({ job }: Command) => new Promise<void>((resolve) => waiting.set(job, resolve));
  return { done, close: reader.close };
}

/** Milliseconds of queries, one after the other, from sending the command to reading its event. */
async function queries(bus: Bus, done: (command: Command) => Promise<void>, goOn: () => boolean): Promise<number[]> {
  const times: number[] = [];
  while (goOn() && times.length < QUERIES) {
    const query = command('query', 'high', [`What is number ${times.length}?`]);
    const begun = performance.now();
    const answered = done(query);
    await bus.send([query]);
    await answered;
    times.push(performance.now() - begun);
  }
  return times;
}

const inWords = (times: readonly number[]) =>
  `p50 ${quantile(times, 0.5).toFixed(0)} ms, p99 ${quantile(times, 0.99).toFixed(0)} ms of ${times.length}`;

const vhost = await freshVhost();
const connect = () => connectBus({ url: vhost.amqpUrl, instance: 'bench', partitions: 1, log });
const bus = await connect();
/** Queries come from elsewhere: they do not queue behind the documents to be sent. */
const asking = await connect();
try {
  const ideal = await direct();
  const worker = await embedder(bus, { ...env, EMBED_CONCURRENCY: values.concurrency });
  const { done, close } = await journal(bus);
  await queries(asking, done, () => true);
  const idle = await queries(asking, done, () => true);
  await mock.reset();
  const commands = Array.from({ length: Math.ceil(TEXTS / MESSAGE) }, (_, n) =>
    command('document', 'low', texts.slice(n * MESSAGE, (n + 1) * MESSAGE)),
  );
  let open = true;
  const all = Promise.all(commands.map(done));
  const begun = performance.now();
  const sent = bus.send(commands);
  const busy = queries(asking, done, () => open);
  await all;
  const rate = (TEXTS / (performance.now() - begun)) * 1000;
  open = false;
  await sent;
  const meanwhile = await busy;
  const counts = await mock.counts();
  const sizes = Object.entries(counts.batch_sizes).filter(([size]) => size !== '1');
  console.log(`directly, ${CALLS} calls of ${IDEAL_BATCH} at once: ${ideal.toFixed(0)} texts/s`);
  console.log(
    `through the embedder, ${MESSAGE} texts a command: ${rate.toFixed(0)} texts/s, ratio ${(rate / ideal).toFixed(2)}`,
  );
  console.log(`calls by their number of texts: ${sizes.map(([size, count]) => `${size}×${count}`).join(' ')}`);
  console.log(`query on the high lane, idle: ${inWords(idle)}`);
  console.log(`query on the high lane, meanwhile: ${inWords(meanwhile)}`);
  await worker.close();
  await close();
} finally {
  await asking.close();
  await bus.close();
  await vhost.drop();
  await mock.stop();
}
