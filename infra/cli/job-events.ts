import { setTimeout as sleep } from 'node:timers/promises';
import { TERMINAL_EVENTS } from '../../shared/messages/client-event.ts';
import type { JobEvent } from './api-types.ts';
import { connection, type Ended } from './connection.ts';
import { UnreachableError } from './errors.ts';
import type { Access } from './http.ts';

const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 5_000;
/** How long a gateway may be away before following a job is given up. */
const PATIENCE_MS = 60_000;

export interface FollowOptions {
  /** Number of the last event seen; 0 by default: from the first. */
  readonly after?: number;
  /** Go on after a terminal event, as a failed job may be replayed. */
  readonly beyondEnd?: boolean;
  /** Told of every connection that broke. */
  readonly onReconnect?: (reason: string) => void;
}

/**
 * The events of a job in order, each once, until it ends; a connection that breaks is made again and resumes after the
 * last event yielded. Leaving the loop closes the connection.
 * @throws {RefusedError} e.g. for an unknown job
 * @throws {UnreachableError} when the gateway stays away
 */
export async function* followJob(
  access: Access,
  job: string,
  { after = 0, beyondEnd = false, onReconnect }: FollowOptions = {},
): AsyncGenerator<JobEvent, void> {
  let last = after;
  let waitMs = FIRST_WAIT_MS;
  let lastSeenAt = Date.now();
  for (;;) {
    const events = connection(access, job, last);
    const ended = yield* inOrder(
      events,
      () => last,
      (event) => {
        last = event.seq;
        return !beyondEnd && TERMINAL_EVENTS.has(event.event);
      },
    );
    if (ended === 'over') return;
    if (ended.wasOpen) {
      lastSeenAt = Date.now();
      waitMs = FIRST_WAIT_MS;
    }
    if (Date.now() - lastSeenAt > PATIENCE_MS) throw new UnreachableError(`lost ${access.url}: ${ended.reason}`);
    onReconnect?.(ended.reason);
    await sleep(ended.afterMs ?? jittered(waitMs), undefined, { signal: access.signal });
    waitMs = Math.min(waitMs * 2, MAX_WAIT_MS);
  }
}

/** Passes on what comes next; what came before is dropped, and after a gap the connection is given up. */
async function* inOrder(
  events: AsyncGenerator<JobEvent, Ended>,
  last: () => number,
  isOver: (event: JobEvent) => boolean,
): AsyncGenerator<JobEvent, Ended | 'over'> {
  try {
    for (;;) {
      const { value, done } = await events.next();
      if (done === true) return value;
      if (value.seq <= last()) continue;
      if (value.seq > last() + 1)
        return { afterMs: undefined, wasOpen: true, reason: `events after ${last()} are missing` };
      const over = isOver(value);
      yield value;
      if (over) return 'over';
    }
  } finally {
    await events.return({ afterMs: undefined, wasOpen: true, reason: 'left' });
  }
}

const jittered = (ms: number): number => ms * (0.5 + Math.random() / 2);
