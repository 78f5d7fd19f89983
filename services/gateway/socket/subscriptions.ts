import { TERMINAL_EVENTS } from '../../../shared/messages/client-event.ts';
import type { Subscription } from '../live/subscription.ts';

/** Ended jobs that a socket goes on following, in case somebody replays their dead letters. */
const MAX_ENDED = 1000;

/**
 * The subscriptions of one socket, by the id their frame gave. A job is followed once: a second subscription to it takes
 * the place of the first, so that no event is seen twice.
 */
export class Subscriptions {
  readonly #byId = new Map<string, Subscription>();

  /** Jobs under way that are followed. */
  get open(): number {
    let count = 0;
    for (const subscription of this.#byId.values()) if (!hasEnded(subscription)) count += 1;
    return count;
  }

  add(id: string, subscription: Subscription): void {
    this.remove(id);
    for (const [other, { job }] of this.#byId) if (job === subscription.job) this.remove(other);
    this.#byId.set(id, subscription);
    this.#forgetOldEnded();
  }

  remove(id: string): void {
    this.#byId.get(id)?.close();
    this.#byId.delete(id);
  }

  clear(): void {
    for (const id of [...this.#byId.keys()]) this.remove(id);
  }

  #forgetOldEnded(): void {
    const ended = [...this.#byId].filter(([, subscription]) => hasEnded(subscription));
    for (const [id] of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) this.remove(id);
  }
}

const hasEnded = ({ last }: Subscription): boolean => last !== undefined && TERMINAL_EVENTS.has(last.event);
