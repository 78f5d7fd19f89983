import type { Delivery } from './delivery.ts';

/**
 * Acks deliveries in the order in which they were added, each with all before it on its channel, once its work is done.
 * One whose channel has gone is the broker's again: once its work has ended, too, it holds up none that came by another.
 */
export class OrderedAcks {
  #last: Promise<boolean> = Promise.resolve(true);
  readonly #open: Promise<unknown>[] = [];

  /** `done` tells whether `delivery` and all since the one before may be acked. It must not reject. */
  add(delivery: Delivery, done: Promise<boolean>): void {
    const before = this.#last;
    this.#last = done.then(async (isDone) => {
      const may = (await before) && isDone;
      if (may) delivery.ack(true);
      return may || delivery.lost();
    });
    this.#open.push(this.#last);
  }

  /** Resolves when fewer than `most` are open. */
  async room(most: number): Promise<void> {
    while (this.#open.length >= most) await this.#open.shift();
  }
}
