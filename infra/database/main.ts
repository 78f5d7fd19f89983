import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { threadBeside } from '../../shared/beside.ts';
import type { Ready, ThreadSettings } from './thread.ts';

/*
 * The embedded database as a process: `node main.js --data DIR [--port N]`. Says `{type: 'ready', url}` to its parent (or
 * prints it as a line of JSON) and stops on SIGTERM, SIGINT, or when its parent has gone.
 *
 * The engine runs in a thread of its own: a long statement cannot keep the process from noticing that its parent has
 * gone, and the thread has the stack that Postgres counts on (on Node's usual one, deeply nested JSON kills the engine
 * before Postgres would refuse it).
 */

const ENGINE_STACK_MB = 16;
/** Enough to end the statement under way and write everything out; what is cut off then is recovered at the next start. */
const STOP_TIMEOUT_MS = 20_000;
/** The same when the parent is gone and nobody waits: somebody may want to start again soon. */
const ORPHAN_TIMEOUT_MS = 1_000;

function settings(): ThreadSettings {
  const { values } = parseArgs({ options: { data: { type: 'string' }, port: { type: 'string', default: '0' } } });
  if (values.data === undefined) throw new Error('--data DIR says where the database lies');
  return { dataDir: values.data, port: Number(values.port) };
}

async function main(): Promise<number> {
  const thread = new Worker(threadBeside(import.meta.url, 'thread'), {
    workerData: settings(),
    resourceLimits: { stackSizeMb: ENGINE_STACK_MB },
  });
  thread.once('message', (ready: Ready) => {
    if (process.send) process.send(ready);
    else console.log(JSON.stringify(ready));
  });
  const stopWithin = (ms: number) => () => {
    thread.postMessage('stop');
    setTimeout(() => process.exit(1), ms);
  };
  process.once('SIGTERM', stopWithin(STOP_TIMEOUT_MS));
  process.once('SIGINT', stopWithin(STOP_TIMEOUT_MS));
  process.once('disconnect', stopWithin(ORPHAN_TIMEOUT_MS));
  return new Promise((resolve, reject) => {
    thread.once('exit', resolve);
    thread.once('error', reject);
  });
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
