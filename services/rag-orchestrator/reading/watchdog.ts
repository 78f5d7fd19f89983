/** A thread beside the one that reads, since that may never come to an end nor to its messages. */
import { workerData } from 'node:worker_threads';
import { OUT_OF_MEMORY } from './protocol.ts';

const LOOK_EVERY_MS = 50;
const MIB = 1024 * 1024;

const { parent, memoryMib } = workerData as { parent: number; memoryMib: number };

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  // V8 bounds what lies in its heap; buffers lie elsewhere.
  if (process.memoryUsage.rss() > memoryMib * MIB) process.kill(process.pid, OUT_OF_MEMORY);
}, LOOK_EVERY_MS);
