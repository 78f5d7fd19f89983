import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { connectBus } from '../../shared/bus/bus.ts';
import { embedder } from './bench.ts';

/** A process that carries out commands until one of them ends it, as a crash in native code would. */
const [url = '', pool = '', concurrency = ''] = process.argv.slice(2);
const bus = await connectBus({ url, instance: 'poisoned', partitions: 1, log: pino({ level: 'silent' }) });
const handler = embedder(async ({ texts: [text] }) => {
  if (text === 'poison') process.kill(process.pid, 'SIGKILL');
  await sleep(Number(text));
});
await bus.serve({ service: 'embedder', pool, concurrency: Number(concurrency), handlers: [handler] });
process.once('disconnect', () => process.exit());
