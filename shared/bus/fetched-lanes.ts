import type { Channel } from 'amqplib';
import { PRIORITIES, type Priority } from '../messages/job.ts';
import { once } from './closeable.ts';
import { declareQueue } from './declare.ts';
import { type Delivery, deliveryOf } from './delivery.ts';
import { type ChannelKeeper, keepChannel } from './keep-channel.ts';
import { NO_CREDITS, nextLane } from './lane-order.ts';
import { LanePause } from './lane-pause.ts';
import type { Lanes, LanesOptions } from './lanes.ts';
import { answeredWithin, NoAnswerError, pause } from './pause.ts';
import { priorityIn } from './topology.ts';
import { type Found, LANE_ANSWER_MS, wakeUp } from './wake-up.ts';

const AFTER_TROUBLE_MS = 100;
const LOOK_FOR_CHANNEL_MS = 1_000;

/**
 * The worker fetches: whenever a slot is free it asks the lanes in weighted order with basic.get, so it holds nothing
 * that it does not run. Only when all lanes are empty does it subscribe to them, with a prefetch of one, to be woken by
 * the next command; then it unsubscribes. So an idle worker costs nothing and is still told at once. When several lanes
 * speak at the same moment and no slot is left, what cannot be run is given back.
 */
export class FetchedLanes implements Lanes {
  readonly stop = once(() => this.#stop());
  readonly close = once(() => this.#close());
  readonly #options: LanesOptions;
  readonly #stopped = new AbortController();
  readonly #pause: LanePause;
  readonly #kept: ChannelKeeper;
  /** Aborted and replaced to end a sleep: at a pause, at the end, when the channel comes or goes. */
  #rouse = new AbortController();
  #channel: Channel | undefined;
  #credits = NO_CREDITS;
  /** What came beside the command that woke us, for the slots that wait, and what could not be given back. */
  #stash: Found[] = [];
  #unwinding: Promise<void> = Promise.resolve();
  #takers = 0;
  #hunts: Promise<unknown> = Promise.resolve();

  static async open(options: LanesOptions): Promise<Lanes> {
    const lanes = new FetchedLanes(options);
    while (lanes.#channel === undefined) await pause(LOOK_FOR_CHANNEL_MS, lanes.#rouse.signal);
    return lanes;
  }

  private constructor(options: LanesOptions) {
    this.#options = options;
    // Whoever hunts is held up by `admitted`, so there is nothing else to do for a probe or after it.
    this.#pause = new LanePause({
      halt: () => this.#giveBackStash(),
      probe: async () => {},
      resume: async () => {},
    });
    this.#kept = keepChannel({
      link: options.link,
      log: options.log,
      name: 'lanes',
      open: (connection) => connection.createChannel(),
      opened: (channel) => this.#opened(channel),
      gone: () => this.#gone(),
    });
  }

  /** One hunt at a time, for whoever has waited longest. */
  take(): Promise<Delivery | undefined> {
    this.#takers += 1;
    const mine = this.#hunts.then(() => this.#hunt());
    this.#hunts = mine;
    return mine.finally(() => {
      this.#takers -= 1;
    });
  }

  pause(ms: number): void {
    this.#pause.for(ms);
  }

  keep(delivery: Delivery): void {
    this.#keep({ delivery, lane: priorityIn(this.#options.lanes, delivery.message.fields.routingKey) });
  }

  answered(delivery: Delivery): void {
    this.#pause.answered(delivery);
  }

  ended(delivery: Delivery): void {
    this.#pause.ended(delivery);
  }

  async #opened(channel: Channel): Promise<void> {
    for (const priority of PRIORITIES) await declareQueue(channel, this.#options.lanes[priority]);
    await channel.prefetch(1);
    this.#channel = channel;
    this.#wake();
  }

  #gone(): void {
    this.#channel = undefined;
    this.#stash = [];
    this.#wake();
  }

  #wake(): void {
    this.#rouse.abort();
    this.#rouse = new AbortController();
  }

  async #hunt(): Promise<Delivery | undefined> {
    while (!this.#stopped.signal.aborted) {
      await this.#unwinding;
      await this.#pause.admitted();
      const found = await this.#search();
      if (found === undefined) continue;
      if (!this.#stopped.signal.aborted && this.#pause.admits) {
        this.#pause.took(found.delivery);
        return found.delivery;
      }
      await this.#giveBack(found);
    }
    return undefined;
  }

  /** What the stash or a lane has, else what wakes us; undefined when it is worth looking again. */
  async #search(): Promise<Found | undefined> {
    const channel = this.#channel;
    // Taken before the lanes are asked: who wants us awake meanwhile must not be overheard.
    const { signal } = this.#rouse;
    if (this.#stopped.signal.aborted) return undefined;
    if (channel === undefined) {
      await pause(LOOK_FOR_CHANNEL_MS, signal);
      return undefined;
    }
    try {
      return this.#stash.shift() ?? (await this.#ask(channel)) ?? (await this.#sleep(channel, signal));
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#options.log.warn({ err: error }, 'the lanes could not be asked');
      if (error instanceof NoAnswerError) this.#renew(channel);
      await pause(AFTER_TROUBLE_MS, this.#stopped.signal);
      return undefined;
    }
  }

  /** Asks lane by lane, in the order of what they are owed. */
  async #ask(channel: Channel): Promise<Found | undefined> {
    let candidates: readonly Priority[] = PRIORITIES;
    for (;;) {
      const next = nextLane(this.#credits, candidates);
      if (next === undefined) return undefined;
      const { lane } = next;
      const { name } = this.#options.lanes[lane];
      const message = await answeredWithin(channel.get(name), LANE_ANSWER_MS, `an answer of ${name}`);
      if (message !== false) {
        this.#credits = next.credits;
        return { lane, delivery: deliveryOf(channel, message, () => this.#channel !== channel) };
      }
      candidates = candidates.filter((each) => each !== lane);
    }
  }

  async #sleep(channel: Channel, signal: AbortSignal): Promise<Found | undefined> {
    const { lanes } = this.#options;
    const gone = () => this.#channel !== channel;
    const { first, rest } = await wakeUp({ channel, lanes, signal, gone, stuck: () => this.#renew(channel) });
    this.#unwinding = rest.then((found) => (gone() ? undefined : this.#share(found)));
    return first;
  }

  /** What was taken on that channel goes back to its lane. */
  #renew(channel: Channel): void {
    if (this.#channel === channel) this.#kept.renew();
  }

  /** Keeps as many as slots are waiting, and gives the others back. */
  async #share(found: readonly Found[]): Promise<void> {
    const room = this.#stopped.signal.aborted || this.#pause.state !== 'open' ? 0 : this.#takers;
    this.#stash.push(...found.slice(0, room));
    await Promise.all(found.slice(room).map((each) => this.#giveBack(each)));
  }

  async #giveBack(found: Found): Promise<void> {
    const { giveBack, lanes } = this.#options;
    if (!(await giveBack(found.delivery, lanes[found.lane].name))) this.#keep(found);
  }

  /** Requeueing is counted, and pauses may follow each other for as long as an outage takes: so only at the end. */
  #keep(found: Found): void {
    if (this.#stopped.signal.aborted) found.delivery.requeue();
    else if (!found.delivery.lost()) this.#stash.push(found);
  }

  async #giveBackStash(): Promise<void> {
    this.#wake();
    await this.#unwinding;
    await Promise.all(this.#stash.splice(0).map((each) => this.#giveBack(each)));
  }

  async #stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake();
    await this.#pause.end();
    await this.#hunts;
    await this.#giveBackStash();
  }

  async #close(): Promise<void> {
    await this.stop();
    await this.#kept.close();
  }
}
