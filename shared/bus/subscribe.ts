import type { Channel, ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import type { Closeable } from './closeable.ts';
import type { Link } from './connection.ts';
import { declareQueue } from './declare.ts';
import { type Delivery, deliveryOf } from './delivery.ts';
import { closeChannel, keepChannel } from './keep-channel.ts';
import { pause, settlesWithin } from './pause.ts';
import { REDECLARE_AFTER_MS } from './redeclare.ts';
import type { QueueSpec } from './topology.ts';

const READY_TIMEOUT_MS = 15_000;
const CANCEL_TIMEOUT_MS = 5_000;

export interface SubscribeOptions {
  readonly link: Link;
  readonly log: Logger;
  /** Declared before every subscription: somebody may have deleted it. */
  readonly queue: QueueSpec;
  readonly prefetch: number;
  /** Arguments of the consumer, asked for each time. */
  readonly consumerArguments?: () => Readonly<Record<string, unknown>>;
  onDelivery(delivery: Delivery): void;
  /** All deliveries so far are lost; new ones follow. */
  onGone?(): void;
}

interface Current {
  readonly channel: Channel;
  /** Of the consumer, while there is one. */
  tag: string | undefined;
  /** Consuming and cancelling, one after the other. */
  changing: Promise<void>;
}

/** Reads a queue on a channel of its own, and goes on after a broken connection, a closed channel or a deleted queue. */
export class Subscription implements Closeable {
  readonly close: () => Promise<void>;
  /** Resolves when it has subscribed for the first time. */
  readonly ready: Promise<void>;
  readonly #options: SubscribeOptions;
  #current: Current | undefined;
  #wanted = true;
  #prefetch: number;

  constructor(options: SubscribeOptions) {
    this.#options = options;
    this.#prefetch = options.prefetch;
    let ready = () => {};
    this.ready = new Promise((resolve) => {
      ready = resolve;
    });
    const { close } = keepChannel({
      link: options.link,
      log: options.log,
      name: options.queue.name,
      open: (connection) => connection.createChannel(),
      opened: (channel) => this.#opened(channel).then(ready),
      gone: () => this.#gone(),
    });
    this.close = close;
  }

  /** Takes no more, but what was taken can still be acked until `close`. Never rejects. */
  stop(): Promise<void> {
    this.#wanted = false;
    return this.#change();
  }

  /** Takes again after `stop`, from now on so many ahead. Never rejects. */
  start(prefetch = this.#prefetch): Promise<void> {
    this.#wanted = true;
    this.#prefetch = prefetch;
    return this.#change();
  }

  async #opened(channel: Channel): Promise<void> {
    await declareQueue(channel, this.#options.queue);
    this.#current = { channel, tag: undefined, changing: Promise.resolve() };
    await this.#change();
  }

  #gone(): void {
    this.#current = undefined;
    this.#options.onGone?.();
  }

  /** Consumes or cancels, as is wanted by the time its turn has come. */
  async #change(): Promise<void> {
    const here = this.#current;
    if (here === undefined) return;
    here.changing = here.changing.then(() => this.#adjust(here));
    await here.changing;
  }

  async #adjust(here: Current): Promise<void> {
    try {
      if (this.#wanted && here.tag === undefined) await this.#consume(here);
      if (!this.#wanted && here.tag !== undefined) await this.#cancel(here, here.tag);
    } catch (error) {
      // The channel has broken or will be of no use: the next one does as is wanted when it is opened.
      this.#options.log.warn({ queue: this.#options.queue.name, err: error }, 'a consumer could not be changed');
      await closeChannel(here.channel);
    }
  }

  async #consume(here: Current): Promise<void> {
    const { queue, consumerArguments } = this.#options;
    const receive = (message: ConsumeMessage | null) => this.#receive(here, message);
    // Counts for consumers that begin after it.
    await here.channel.prefetch(this.#prefetch);
    const consumer = { noAck: false, arguments: consumerArguments?.() ?? {} };
    here.tag = (await here.channel.consume(queue.name, receive, consumer)).consumerTag;
  }

  async #cancel(here: Current, tag: string): Promise<void> {
    here.tag = undefined;
    await settlesWithin(here.channel.cancel(tag), CANCEL_TIMEOUT_MS);
  }

  #receive(here: Current, message: ConsumeMessage | null): void {
    const { log, queue, onDelivery } = this.#options;
    if (message === null) {
      log.warn({ queue: queue.name }, 'the broker cancelled a consumer: subscribing again');
      void this.#reopen(here);
      return;
    }
    try {
      onDelivery(deliveryOf(here.channel, message, () => this.#current !== here));
    } catch (error) {
      // In amqplib's hands it would close the whole connection.
      log.error({ queue: queue.name, err: error }, 'a delivery could not be received');
    }
  }

  /** The next channel declares the queue again: not before every other consumer has heard of its end. */
  async #reopen({ channel }: Current): Promise<void> {
    await pause(REDECLARE_AFTER_MS);
    await closeChannel(channel);
  }
}

/** Resolves when subscribed; while the broker is away that is later, and nobody waits for it longer than a while. */
export async function subscribe(options: SubscribeOptions): Promise<Subscription> {
  const subscription = new Subscription(options);
  await settlesWithin(subscription.ready, READY_TIMEOUT_MS);
  return subscription;
}
