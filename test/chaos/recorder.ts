import { createHash } from 'node:crypto';
import type { Attempt, Fault, Reread, Seen, Stream } from './history.ts';
import type { Excuse, Wish } from './workload.ts';

/** Takes down what clients do and see, as it happens. */
export class Recorder {
  readonly excuses = new Map<string, readonly Excuse[]>();
  readonly attempts: Attempt[] = [];
  readonly streams: Stream[] = [];
  readonly rereads: Reread[] = [];
  readonly undisturbedMs: number[] = [];
  readonly faults: Fault[] = [];
  readonly crashes: string[] = [];
  /** Jobs that were accepted, by the wish they came from. */
  readonly accepted = new Map<string, string>();

  wished({ op, excuses }: Wish): void {
    this.excuses.set(op, excuses);
  }

  attempted(attempt: Attempt): void {
    this.attempts.push(attempt);
    if (attempt.outcome.is === 'accepted') this.accepted.set(attempt.op, attempt.outcome.job);
  }

  /** Opens the record of a subscription; what the client sees is added to it. */
  stream(client: string, job: string, after: number): Stream {
    const stream: Stream = { client, job, after, openedAt: Date.now(), seen: [] };
    this.streams.push(stream);
    return stream;
  }
}

interface Shown {
  readonly seq: number;
  readonly event: string;
  readonly at?: unknown;
  readonly data: unknown;
}

/** What is kept of an event: enough to tell it from every other. */
export const seen = ({ seq, event, at, data }: Shown): Seen => ({
  seq,
  event,
  digest: createHash('sha1')
    .update(JSON.stringify([seq, event, at, data]))
    .digest('base64url')
    .slice(0, 12),
});
