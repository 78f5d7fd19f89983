import { PRIORITIES, type Priority } from '../messages/job.ts';
import { once } from './closeable.ts';
import type { Delivery } from './delivery.ts';
import { NO_CREDITS, nextLane } from './lane-order.ts';
import { LanePause } from './lane-pause.ts';
import type { ExpressLane, Lanes, LanesOptions } from './lanes.ts';
import { Load } from './load.ts';
import { type Subscription, subscribe } from './subscribe.ts';
import { priorityIn } from './topology.ts';

/** Deliveries of the upper lanes beyond those that fill all slots, lest they run dry, for as long as an ack takes, in favour of low. */
const MOST_AHEAD = 32;

type Taker = (delivery: Delivery | undefined) => void;

interface Handover {
  readonly taker: Taker;
  readonly delivery: Delivery;
}

/** The broker pushes, a bounded number ahead from each lane; which one is next is decided when a slot is free. */
export class PushedLanes implements Lanes {
  readonly stop = once(() => this.#stop());
  readonly close = once(() => this.#close());
  readonly #options: LanesOptions;
  readonly #held: Record<Priority, Delivery[]> = { high: [], normal: [], low: [] };
  readonly #takers: Taker[] = [];
  /** They take from this lane and above, when nobody else is free. */
  readonly #expressTakers: Record<ExpressLane, Taker[]> = { high: [], normal: [] };
  readonly #pause: LanePause;
  /** What the slots are at work on, but for the express ones. */
  readonly #load = new Load();
  #subscriptions: readonly Subscription[] = [];
  #credits = NO_CREDITS;
  #stopped = false;

  private constructor(options: LanesOptions) {
    this.#options = options;
    this.#pause = new LanePause({
      halt: () => this.#halt(),
      probe: () => this.#findProbe(),
      resume: () => this.#resume(),
    });
  }

  static async open(options: LanesOptions): Promise<Lanes> {
    const lanes = new PushedLanes(options);
    lanes.#subscriptions = await Promise.all(PRIORITIES.map((priority) => lanes.#subscribe(priority)));
    return lanes;
  }

  take(express?: ExpressLane): Promise<Delivery | undefined> {
    return new Promise((resolve) => {
      if (this.#stopped) return resolve(undefined);
      (express === undefined ? this.#takers : this.#expressTakers[express]).push(resolve);
      this.#hand();
    });
  }

  pause(ms: number): void {
    this.#pause.for(ms);
  }

  keep(delivery: Delivery): void {
    this.#keep(delivery, priorityIn(this.#options.lanes, delivery.message.fields.routingKey));
  }

  answered(delivery: Delivery): void {
    this.#pause.answered(delivery);
  }

  ended(delivery: Delivery): void {
    this.#load.remove(delivery);
    this.#pause.ended(delivery);
    this.#hand();
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
    const { room = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#pause.admits) {
      const isFree = this.#takers.length > 0 && this.#load.weight < room;
      const next = isFree ? this.#handover(this.#takers, this.#next()) : this.#nextExpress();
      if (next === undefined) return;
      if (isFree) this.#load.add(next.delivery);
      this.#pause.took(next.delivery);
      next.taker(next.delivery);
    }
  }

  #handover(takers: Taker[], delivery: Delivery | undefined): Handover | undefined {
    const taker = delivery === undefined ? undefined : takers.shift();
    return taker === undefined || delivery === undefined ? undefined : { taker, delivery };
  }

  /** Slots of the high lane go first, so that those of the normal one are free for it. */
  #nextExpress(): Handover | undefined {
    const { high, normal } = this.#expressTakers;
    if (high.length > 0 && this.#held.high.length > 0) return this.#handover(high, this.#held.high.shift());
    return normal.length > 0 ? this.#handover(normal, this.#held.high.shift() ?? this.#held.normal.shift()) : undefined;
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
    await Promise.all(this.#subscriptions.map((subscription) => subscription.stop()));
    const back = PRIORITIES.flatMap((priority) =>
      this.#held[priority].splice(0).map((delivery) => this.#giveBack(delivery, priority)),
    );
    await Promise.all(back);
  }

  async #giveBack(delivery: Delivery, priority: Priority): Promise<void> {
    const { lanes, giveBack } = this.#options;
    if (!(await giveBack(delivery, lanes[priority].name))) this.#keep(delivery, priority);
  }

  /** Requeueing is counted, and pauses may follow each other for as long as an outage takes: so only at the end. */
  #keep(delivery: Delivery, priority: Priority): void {
    if (this.#stopped) delivery.requeue();
    else if (!delivery.lost()) this.#held[priority].push(delivery);
  }

  async #findProbe(): Promise<void> {
    const isHeld = PRIORITIES.some((priority) => this.#held[priority].length > 0);
    if (isHeld) this.#hand();
    else await this.#start(() => 1);
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
    const { concurrency } = this.#options;
    return priority === 'low' ? concurrency : concurrency + Math.min(concurrency, MOST_AHEAD);
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    const { high, normal } = this.#expressTakers;
    for (const taker of [this.#takers, high, normal].flatMap((takers) => takers.splice(0))) taker(undefined);
    await this.#pause.end();
    await this.#halt();
  }

  async #close(): Promise<void> {
    await this.stop();
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close()));
  }
}
