import { z } from 'zod';
import { AT } from './examples.ts';
import { named, Time } from './named.ts';

export const QueueView = named(
  'Queue',
  z.object({
    name: z.string(),
    kind: z.string(),
    depth: z.int().describe('Messages that wait.'),
    consumers: z.int(),
    unacked: z.int().optional().describe('Delivered, not yet answered; only with a `MANAGEMENT_URL`.'),
    oldest_age_s: z
      .number()
      .nullable()
      .describe(
        'Age of the oldest message that waits. `null` where the broker does not tell: RabbitMQ, up to 4.3, does not for quorum queues, and all lanes are such. How long jobs wait is in the metric `warren_job_wait_seconds`.',
      ),
  }),
  {
    examples: [
      { name: 'embedder.default.low', kind: 'lane', depth: 12, consumers: 1, unacked: 16, oldest_age_s: null },
    ],
  },
);

export const QueueList = named('QueueList', z.object({ data: z.array(QueueView) }));

export const WorkerView = named(
  'Worker',
  z.object({
    id: z.string(),
    service: z.string(),
    host: z.string(),
    pid: z.int(),
    pool: z.string(),
    concurrency: z.int(),
    busy: z.int().describe('Commands under way.'),
    models: z.array(z.string()),
    breakers: z.record(z.string(), z.string()),
    at: Time,
  }),
  {
    examples: [
      {
        id: 'embedder-host-4711',
        service: 'embedder',
        host: 'host',
        pid: 4711,
        pool: 'default',
        concurrency: 16,
        busy: 3,
        models: ['all-MiniLM-L6-v2'],
        breakers: { local: 'closed' },
        at: AT,
      },
    ],
  },
);

export const WorkerList = named('WorkerList', z.object({ data: z.array(WorkerView) }));

export const BreakerView = named(
  'Breaker',
  z.object({
    provider: z.string(),
    service: z.string(),
    worker: z.string(),
    state: z.enum(['closed', 'open', 'half-open']),
  }),
  { examples: [{ provider: 'ollama', service: 'generator', worker: 'generator-host-4712', state: 'open' }] },
);

export const BreakerList = named('BreakerList', z.object({ data: z.array(BreakerView) }));

export const Liveness = named('Liveness', z.object({ status: z.literal('ok') }), { examples: [{ status: 'ok' }] });

export const Readiness = named(
  'Readiness',
  z.object({
    status: z.enum(['ok', 'degraded', 'unavailable', 'draining']),
    dependencies: z.record(z.string(), z.string()).describe('`ok`, or what is wrong.'),
  }),
  { examples: [{ status: 'ok', dependencies: { broker: 'ok', database: 'ok', topology: 'ok' } }] },
);

export const Ticket = named('Ticket', z.object({ ticket: z.string(), expires_at: Time }), {
  examples: [{ ticket: 'eyJvd25lciI6…', expires_at: AT }],
});
