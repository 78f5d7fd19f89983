import { Queue } from 'bullmq';
import { connection, defaultJobOptions, NAME } from './queue.mjs';

/** Submits as many jobs as its argument says. */
const COUNT = Number(process.argv[2]);
const AT_ONCE = 500;
const queue = new Queue(NAME, { connection, defaultJobOptions });
const job = { name: 'embed', data: { texts: ['a short text'] } };
for (let left = COUNT; left > 0; left -= AT_ONCE) {
  await queue.addBulk(Array.from({ length: Math.min(left, AT_ONCE) }, () => job));
}
await queue.close();
