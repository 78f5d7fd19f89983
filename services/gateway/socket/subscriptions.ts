import type { Subscription } from '../live/subscription.ts';
import { validationFailed } from '../middleware/validate.ts';

/** Ended jobs that a socket goes on following, in case somebody replays their dead letters. */
const MAX_ENDED = 1000;

/**
 * The subscriptions of one socket, by the id their frame gave. A job is followed once: a second subscription to it takes
 * the place of the first, so that no event is seen twice.
 */
export class Subscriptions {
  readonly #byId = new Map<string, Subscription>();
  /** Ids of frames that are being answered and may yet begin a subscription. */
  readonly #taken = new Set<string>();

  /** Jobs under way that are followed. */
  get open(): number {
    let count = 0;
    for (const subscription of this.#byId.values()) if (!subscription.ended) count += 1;
    return count;
  }

  /**
   * Keeps an id for what `work` begins: another job under it would end the first one's events without a word. `job`, when
   * it is known already, may be followed anew under its own id.
   * @throws {Problem} validation_failed, while the id stands for another job that has not ended
   */
  async under(id: string, job: string | undefined, work: () => Promise<void>): Promise<void> {
    const followed = this.#byId.get(id);
    if (this.#taken.has(id) || (followed !== undefined && !followed.ended && followed.job !== job)) {
      const whose = followed === undefined ? 'another frame' : `${followed.job}, which has not ended`;
      throw validationFailed([
        { pointer: '/id', detail: `is in use for ${whose}: take another, or unsubscribe first` },
      ]);
    }
    this.#taken.add(id);
    try {
      await work();
    } finally {
      this.#taken.delete(id);
    }
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
    const ended = [...this.#byId].filter(([, subscription]) => subscription.ended);
    for (const [id] of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) this.remove(id);
  }
}
