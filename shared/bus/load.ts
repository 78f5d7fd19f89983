import type { Delivery } from './delivery.ts';
import { weightIn } from './envelope.ts';

/** The work under way, as the sum of what each delivery weighs. */
export class Load {
  readonly #weights = new Map<Delivery, number>();
  #weight = 0;

  get weight(): number {
    return this.#weight;
  }

  add(delivery: Delivery): void {
    const weight = weightIn(delivery.message);
    this.#weights.set(delivery, weight);
    this.#weight += weight;
  }

  /** Of no effect for a delivery that was not added. */
  remove(delivery: Delivery): void {
    this.#weight -= this.#weights.get(delivery) ?? 0;
    this.#weights.delete(delivery);
  }
}
