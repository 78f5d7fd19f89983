import { z } from 'zod';
import { Citation } from './answering.ts';
import { JobError } from './job.ts';

const Data = z.record(z.string(), z.unknown());

/** What a client may see of a job, by event name; the shape of `data` beside it. */
export const CLIENT_EVENTS = {
  'job.queued': z.object({}),
  'job.scheduled': z.object({ run_at: z.string() }),
  'job.started': z.object({ stage: z.string().optional() }),
  'job.progress': z.object({ done: z.int(), total: z.int(), stage: z.string() }),
  'job.retrying': z.object({ stage: z.string(), attempt: z.int(), delay_ms: z.int(), error: JobError }),
  'sources.found': z.object({ citations: z.array(Citation) }),
  'output.delta': z.object({ run: z.string(), offset: z.int(), text: z.string() }),
  'output.reset': z.object({ run: z.string(), reason: z.string() }),
  'job.succeeded': z.object({ result: Data }),
  'job.failed': z.object({ error: JobError, dead_letter: z.string().optional() }),
  'job.cancelled': z.object({ reason: z.string().optional() }),
  'job.replayed': z.object({ dead_letter: z.string() }),
} as const;

export type ClientEventName = keyof typeof CLIENT_EVENTS;

/** A client event as a flow decides it; the turn gives it its `seq`. */
export type ClientEvent = {
  [Name in ClientEventName]: { readonly event: Name; readonly data: z.infer<(typeof CLIENT_EVENTS)[Name]> };
}[ClientEventName];

/** A client event as it is stored and shown: the nth of its job, gapless. */
export interface StoredEvent {
  readonly job: string;
  readonly seq: number;
  readonly event: ClientEventName;
  /** RFC 3339 UTC. */
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A stored event on its way to the gateways, without its data when these are too large for that. */
export type PushedEvent = Omit<StoredEvent, 'data'> & Partial<Pick<StoredEvent, 'data'>>;

export const TERMINAL_EVENTS: ReadonlySet<string> = new Set(['job.succeeded', 'job.failed', 'job.cancelled']);
