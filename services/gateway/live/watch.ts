import { TERMINAL_EVENTS } from '../../../shared/messages/client-event.ts';
import { isTerminal, type Job } from '../../../shared/messages/job.ts';
import type { Follower, Hub } from './hub.ts';
import type { LiveEvent } from './live-event.ts';

export interface Patience {
  readonly timeoutMs: number;
  /** The database is read this often even when nothing is pushed. */
  readonly rereadMs: number;
  /** Ends the wait early: the client went away, the gateway drains. */
  readonly signals: readonly AbortSignal[];
}

type Read = () => Promise<Job | undefined>;

/**
 * Waits for a job to be there (`birth`) or to end. It follows the job from its construction on, so make it before
 * whatever may push the awaited event, and close it in a finally. A push says when to look; what it finds is read from
 * the database.
 */
export class Watch implements Follower {
  readonly #until: 'birth' | 'end';
  readonly #stop: () => void;
  #called = false;
  #wake: () => void = () => undefined;

  constructor(hub: Hub, job: string, until: 'birth' | 'end') {
    this.#until = until;
    this.#stop = hub.follow(job, this);
  }

  pushed({ event }: LiveEvent): void {
    if (this.#until === 'birth' || TERMINAL_EVENTS.has(event.event)) this.resync();
  }

  resync(): void {
    this.#called = true;
    this.#wake();
  }

  close(): void {
    this.#stop();
  }

  /** The job as it was read last: as awaited, or as it was when patience ended. Rejects when `read` does. */
  async job(read: Read, { timeoutMs, rereadMs, signals }: Patience): Promise<Job | undefined> {
    const end = Date.now() + timeoutMs;
    const over = AbortSignal.any([...signals]);
    for (;;) {
      this.#called = false;
      const job = await read();
      const left = end - Date.now();
      if (this.#isAwaited(job) || left <= 0 || over.aborted) return job;
      if (!this.#called) await this.#call(Math.min(rereadMs, left), over);
    }
  }

  #isAwaited(job: Job | undefined): boolean {
    return job !== undefined && (this.#until === 'birth' || isTerminal(job.status));
  }

  /** Resolves at the next call, after `ms`, or when all is over. */
  async #call(ms: number, over: AbortSignal): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, ms);
        over.addEventListener('abort', this.#wake, { once: true });
      });
    } finally {
      clearTimeout(timer);
      over.removeEventListener('abort', this.#wake);
    }
  }
}
