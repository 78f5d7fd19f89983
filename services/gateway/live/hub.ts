import type { PushedEvent } from '../../../shared/messages/client-event.ts';
import { LiveEvent } from './live-event.ts';

/** Somebody who follows one job. Neither call may throw or take long. */
export interface Follower {
  pushed(event: LiveEvent): void;
  /** Pushes may have been lost: look into the database. */
  resync(): void;
}

/** Who follows which job in this process; hands each pushed event to them, in the order it came. */
export class Hub {
  readonly #followers = new Map<string, Set<Follower>>();

  /** Returns how to stop. */
  follow(job: string, follower: Follower): () => void {
    const followers = this.#followers.get(job) ?? new Set();
    this.#followers.set(job, followers.add(follower));
    return () => {
      followers.delete(follower);
      if (followers.size === 0 && this.#followers.get(job) === followers) this.#followers.delete(job);
    };
  }

  events(events: readonly PushedEvent[]): void {
    for (const event of events) {
      const followers = this.#followers.get(event.job);
      if (followers === undefined) continue;
      const live = new LiveEvent(event);
      for (const follower of followers) follower.pushed(live);
    }
  }

  resync(): void {
    for (const followers of this.#followers.values()) for (const follower of followers) follower.resync();
  }

  /** Number of jobs that somebody follows. */
  get size(): number {
    return this.#followers.size;
  }
}
