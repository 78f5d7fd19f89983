import { z } from 'zod';
import { SERVICES } from '../messages/command.ts';

/** What a worker tells about itself every few seconds. */
export const WorkerAlive = z.object({
  /** Unique for the life of the process. */
  id: z.string(),
  service: z.enum(SERVICES),
  host: z.string(),
  pid: z.int(),
  pool: z.string(),
  concurrency: z.int(),
  /** Commands under way. */
  busy: z.int(),
  models: z.array(z.string()),
  /** State of the circuit breaker of each provider. */
  breakers: z.record(z.string(), z.enum(['closed', 'open', 'half-open'])),
  /** RFC 3339 UTC. */
  at: z.string(),
});
export type WorkerAlive = z.infer<typeof WorkerAlive>;
export type BreakerState = WorkerAlive['breakers'][string];
