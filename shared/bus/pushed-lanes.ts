import { PRIORITIES, type Priority } from '../messages/job.ts';
import { once } from './closeable.ts';
import type { Delivery } from './delivery.ts';
import { NO_CREDITS, nextLane } from './lane-order.ts';
import { LanePause } from './lane-pause.ts';
import type { Lanes, LanesOptions } from './lanes.ts';
import { type Subscription, subscribe } from './subscribe.ts';

/**
 * Deliveries of a lane that may be here at once, for each slot. Any lane may have to fill all slots. Twice as many keep the
 * upper lanes from running dry, for as long as an ack takes, in favour of low.
 */
const FILLS: Readonly<Record<Priority, number>> = { high: 2, normal: 2, low: 1 };

type Taker = (delivery: Delivery | undefined) => void;

/** The broker pushes, a bounded number ahead from each lane; which one is next is decided when a slot is free. */
export class PushedLanes implements Lanes {
  readonly stop = once(() => this.#stop());
  readonly close = once(() => this.#close());
  readonly #options: LanesOptions;
  readonly #held: Record<Priority, Delivery[]> = { high: [], normal: [], low: [] };
  readonly #takers: Taker[] = [];
  /** They take from the high lane only, when nobody else is free. */
  readonly #expressTakers: Taker[] = [];
  readonly #pause: LanePause;
  #subscriptions: readonly Subscription[] = [];
  #credits = NO_CREDITS;
  #stopped = false;

  private constructor(options: LanesOptions) {
    this.#options = options;
    this.#pause = new LanePause({
      halt: () => this.#halt(),
      probe: () => this.#start(() => 1),
      resume: () => this.#resume(),
    });
  }

  static async open(options: LanesOptions): Promise<Lanes> {
    const lanes = new PushedLanes(options);
    lanes.#subscriptions = await Promise.all(PRIORITIES.map((priority) => lanes.#subscribe(priority)));
    return lanes;
  }

  take(express = false): Promise<Delivery | undefined> {
    return new Promise((resolve) => {
      if (this.#stopped) return resolve(undefined);
      (express ? this.#expressTakers : this.#takers).push(resolve);
      this.#hand();
    });
  }

  pause(ms: number): void {
    this.#pause.for(ms);
  }

  answered(delivery: Delivery): void {
    this.#pause.answered(delivery);
  }

  ended(delivery: Delivery): void {
    this.#pause.ended(delivery);
  }

  #subscribe(priority: Priority): Promise<Subscription> {
    const { link, log, lanes } = this.#options;
    return subscribe({
      link,
      log,
      queue: lanes[priority],
      prefetch: this.#prefetch(priority),
      onDelivery: (delivery) => {
        this.#held[priority].push(delivery);
        this.#hand();
      },
      onGone: () => {
        this.#held[priority] = [];
      },
    });
  }

  #hand(): void {
    while (this.#pause.admits) {
      const express = this.#takers.length === 0;
      const takers = express ? this.#expressTakers : this.#takers;
      if (takers.length === 0) return;
      const delivery = express ? this.#held.high.shift() : this.#next();
      if (delivery === undefined) return;
      this.#pause.took(delivery);
      takers.shift()?.(delivery);
    }
  }

  /** The next of all lanes, by what they are owed. */
  #next(): Delivery | undefined {
    const filled = PRIORITIES.filter((priority) => this.#held[priority].length > 0);
    const next = nextLane(this.#credits, filled);
    if (next === undefined) return undefined;
    this.#credits = next.credits;
    return this.#held[next.lane].shift();
  }

  async #halt(): Promise<void> {
    const { lanes, giveBack } = this.#options;
    await Promise.all(this.#subscriptions.map((subscription) => subscription.stop()));
    const back = PRIORITIES.flatMap((priority) =>
      this.#held[priority].splice(0).map((delivery) => giveBack(delivery, lanes[priority].name)),
    );
    await Promise.all(back);
  }

  async #start(prefetchOf: (priority: Priority) => number): Promise<void> {
    await Promise.all(PRIORITIES.map((priority, at) => this.#subscriptions[at]?.start(prefetchOf(priority))));
    this.#hand();
  }

  async #resume(): Promise<void> {
    await Promise.all(this.#subscriptions.map((subscription) => subscription.stop()));
    await this.#start((priority) => this.#prefetch(priority));
  }

  #prefetch(priority: Priority): number {
    return this.#options.concurrency * FILLS[priority];
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    for (const taker of [...this.#takers.splice(0), ...this.#expressTakers.splice(0)]) taker(undefined);
    await this.#pause.end();
    await this.#halt();
  }

  async #close(): Promise<void> {
    await this.stop();
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close()));
  }
}
