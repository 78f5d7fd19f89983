import pino from 'pino';
import { connectBus } from '../../shared/bus/bus.ts';
import { generator } from '../support/workers.ts';

/** What a process holds: bytes, and open resources by kind. */
export interface Holding {
  readonly heapMb: number;
  readonly rssMb: number;
  readonly resources: Readonly<Record<string, number>>;
  /** Warnings of the runtime, e.g. of too many listeners. */
  readonly warnings: readonly string[];
  readonly busy: number;
}

// A generator in a process of its own, which tells what it holds when asked. Needs --expose-gc.
const warnings: string[] = [];
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`));
const url = process.env.AMQP_URL ?? '';
const bus = await connectBus({ url, instance: 'memory-test', partitions: 1, log: pino({ level: 'silent' }) });
const worker = await generator(bus, process.env);

const MB = 1024 * 1024;

async function holding(): Promise<Holding> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, rss } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return { heapMb: heapUsed / MB, rssMb: rss / MB, resources, warnings, busy: worker.busy() };
}

process.on('message', () => {
  void holding().then((held) => process.send?.(held));
});
process.once('disconnect', () => {
  void worker
    .close()
    .then(() => bus.close())
    .then(() => process.exit(0));
});
process.send?.('ready');
