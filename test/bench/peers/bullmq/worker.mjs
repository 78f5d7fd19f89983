import { Worker } from 'bullmq';
import { connection, NAME } from './queue.mjs';

const worker = new Worker(
  NAME,
  async ({ data: { texts } }) => ({
    model: 'mock-d4',
    dimensions: 4,
    vectors: texts.map(() => [0.5, 0.5, 0.5, 0.5]),
  }),
  { connection: { ...connection, maxRetriesPerRequest: null }, concurrency: Number(process.env.CONCURRENCY) },
);
worker.on('error', (error) => console.error(error));
process.once('SIGTERM', () => void worker.close().then(() => process.exit(0)));
