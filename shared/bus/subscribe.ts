import type { Channel, ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import type { Closeable } from './closeable.ts';
import type { Link } from './connection.ts';
import { declareQueue } from './declare.ts';
import { type Delivery, deliveryOf } from './delivery.ts';
import { closeChannel, keepChannel } from './keep-channel.ts';
import { settlesWithin } from './pause.ts';
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
      gone: () => {
        this.#current = undefined;
        options.onGone?.();
      },
    });
    this.close = close;
  }

  /** Takes no more, but what was taken can still be acked until `close`. */
  async stop(): Promise<void> {
    this.#wanted = false;
    if (this.#current?.tag === undefined) return;
    const { channel, tag } = this.#current;
    this.#current.tag = undefined;
    await settlesWithin(channel.cancel(tag), CANCEL_TIMEOUT_MS);
  }

  /** Takes again after `stop`, from now on so many ahead. */
  async start(prefetch = this.#prefetch): Promise<void> {
    this.#wanted = true;
    this.#prefetch = prefetch;
    const here = this.#current;
    if (here === undefined || here.tag !== undefined) return;
    try {
      await this.#consume(here);
    } catch (error) {
      // The channel has broken meanwhile: the next one consumes as soon as it is open.
      this.#options.log.warn({ queue: this.#options.queue.name, err: error }, 'could not subscribe');
    }
  }

  async #opened(channel: Channel): Promise<void> {
    const { queue } = this.#options;
    const here: Current = { channel, tag: undefined };
    await declareQueue(channel, queue);
    this.#current = here;
    if (this.#wanted) await this.#consume(here);
  }

  async #consume(here: Current): Promise<void> {
    const { queue, consumerArguments } = this.#options;
    const receive = (message: ConsumeMessage | null) => this.#receive(here, message);
    // Counts for consumers that begin after it.
    await here.channel.prefetch(this.#prefetch);
    const consumer = { noAck: false, arguments: consumerArguments?.() ?? {} };
    here.tag = (await here.channel.consume(queue.name, receive, consumer)).consumerTag;
  }

  #receive(here: Current, message: ConsumeMessage | null): void {
    const { log, queue, onDelivery } = this.#options;
    if (message === null) {
      // The broker cancelled the consumer, e.g. because its queue was deleted. Another channel declares it again.
      log.warn({ queue: queue.name }, 'the broker cancelled a consumer: subscribing again');
      void closeChannel(here.channel);
      return;
    }
    try {
      onDelivery(deliveryOf(here.channel, message, () => this.#current !== here));
    } catch (error) {
      // In amqplib's hands it would close the whole connection.
      log.error({ queue: queue.name, err: error }, 'a delivery could not be received');
    }
  }
}

/** Resolves when subscribed; while the broker is away that is later, and nobody waits for it longer than a while. */
export async function subscribe(options: SubscribeOptions): Promise<Subscription> {
  const subscription = new Subscription(options);
  await settlesWithin(subscription.ready, READY_TIMEOUT_MS);
  return subscription;
}
