import { parentPort, workerData } from 'node:worker_threads';
import { startEmbeddedDatabase } from './server.ts';
import { keepTidy } from './upkeep.ts';

/** What the process tells its thread at birth. */
export interface ThreadSettings {
  readonly dataDir: string;
  readonly port: number;
}

/** What the thread tells once the database can be used; the process passes it on to its parent. */
export interface Ready {
  readonly type: 'ready';
  readonly url: string;
}

/** Any message to the thread means: stop. */
const stopAsked = new Promise((resolve) => parentPort?.once('message', resolve));
const { dataDir, port } = workerData as ThreadSettings;

const database = await startEmbeddedDatabase({ dataDir, port });
const upkeep = keepTidy(database.url);
parentPort?.postMessage({ type: 'ready', url: database.url } satisfies Ready);
await stopAsked;
await upkeep.stop();
await database.stop();
process.exit(0); // of the thread only
