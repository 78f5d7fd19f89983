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

export interface Subscription extends Closeable {
  /** Takes no more, but what was taken can still be acked until `close`. */
  stop(): Promise<void>;
  /** Takes again after `stop`. */
  start(): Promise<void>;
}

interface Current {
  readonly channel: Channel;
  /** Of the consumer, while there is one. */
  tag: string | undefined;
}

/** Reads a queue on a channel of its own, and goes on after a broken connection, a closed channel or a deleted queue. */
export async function subscribe(options: SubscribeOptions): Promise<Subscription> {
  const { link, log, queue } = options;
  let current: Current | undefined;
  let wanted = true;
  const first = firstTime();

  /** `null` for a message: the broker cancelled the consumer, e.g. because its queue was deleted. */
  const lostQueue = (channel: Channel) => {
    log.warn({ queue: queue.name }, 'the broker cancelled a consumer: subscribing again');
    void closeChannel(channel);
  };

  const consume = async (here: Current) => {
    const gone = () => current !== here;
    const receive = safely(log, (message) => {
      if (message === null) lostQueue(here.channel);
      else options.onDelivery(deliveryOf(here.channel, message, gone));
    });
    const consumer = { noAck: false, arguments: options.consumerArguments?.() ?? {} };
    here.tag = (await here.channel.consume(queue.name, receive, consumer)).consumerTag;
  };

  const kept = keepChannel({
    link,
    log,
    name: queue.name,
    open: (connection) => connection.createChannel(),
    opened: async (channel) => {
      const here: Current = { channel, tag: undefined };
      await declareQueue(channel, queue);
      await channel.prefetch(options.prefetch);
      current = here;
      if (wanted) await consume(here);
      first.happened();
    },
    gone: () => {
      current = undefined;
      options.onGone?.();
    },
  });

  const stop = async () => {
    wanted = false;
    if (current?.tag === undefined) return;
    const { channel, tag } = current;
    current.tag = undefined;
    await settlesWithin(channel.cancel(tag), READY_TIMEOUT_MS);
  };

  const start = async () => {
    wanted = true;
    if (current === undefined || current.tag !== undefined) return;
    // A channel that breaks meanwhile is opened again, and then consumes.
    await consume(current).catch((error: unknown) =>
      log.warn({ queue: queue.name, err: error }, 'could not subscribe'),
    );
  };

  await settlesWithin(first.time, READY_TIMEOUT_MS);
  return { stop, start, close: kept.close };
}

function firstTime(): { readonly time: Promise<void>; happened(): void } {
  let happened = () => {};
  const time = new Promise<void>((resolve) => {
    happened = resolve;
  });
  return { time, happened: () => happened() };
}

/** An exception in a consumer's callback would close the whole connection. */
const safely =
  (log: Logger, receive: (message: ConsumeMessage | null) => void) =>
  (message: ConsumeMessage | null): void => {
    try {
      receive(message);
    } catch (error) {
      log.error({ err: error }, 'a delivery could not be received');
    }
  };
