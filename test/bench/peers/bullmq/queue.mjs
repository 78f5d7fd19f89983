export const NAME = 'jobs';

export const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) };

/** Retries as its guide advises; results are kept for an hour. */
export const defaultJobOptions = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 1000 },
  removeOnComplete: { age: 3600 },
  removeOnFail: { age: 24 * 3600 },
};
