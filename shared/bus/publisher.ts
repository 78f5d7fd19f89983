import type { ConfirmChannel, Message, Options } from 'amqplib';
import type { Logger } from 'pino';
import { BrokerUnavailableError, OverloadedError, RefusedError, UnroutableError } from './broker-errors.ts';
import { type Closeable, once } from './closeable.ts';
import type { Link } from './connection.ts';
import { closeChannel, keepChannel } from './keep-channel.ts';

/** Messages on the way without a confirm. */
const WINDOW = 256;
const MAX_WAITING = 20_000;
/** A confirm that takes longer will not come: the channel is closed and its messages are sent again on another. */
const CONFIRM_TIMEOUT_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 30_000;

export interface Outgoing {
  readonly exchange: string;
  readonly key: string;
  readonly content: Buffer;
  readonly properties: Options.Publish & { readonly messageId: string };
}

export interface Publisher extends Closeable {
  /**
   * Resolves when the broker has the message safe in a queue. What was under way when a channel broke is sent again on
   * the next, in order, under the same id.
   * @throws {BrokerUnavailableError} no confirm within `timeoutMs` (the message may still arrive)
   * @throws {OverloadedError} too many wait
   * @throws {UnroutableError} no queue is bound there
   * @throws {RefusedError} the broker said no, e.g. the queue is full
   */
  publish(message: Outgoing, timeoutMs?: number): Promise<void>;
}

interface Entry {
  readonly message: Outgoing;
  sentAt: number;
  settled: boolean;
  settle(error?: Error): void;
}

export function startPublisher(link: Link, log: Logger): Publisher {
  const waiting: Entry[] = [];
  /** By channel order. An entry stays until its confirm comes, also when nobody waits for it any more: it is the window. */
  const sent = new Set<Entry>();
  const returned = new Map<string, { readonly why: string; count: number }>();
  let channel: ConfirmChannel | undefined;
  let writable = true;
  let closed = false;

  const pump = () => {
    while (channel !== undefined && writable && link.blocked === undefined && sent.size < WINDOW) {
      const entry = waiting.shift();
      if (entry === undefined) return;
      if (!entry.settled) write(channel, entry);
    }
  };

  const write = (on: ConfirmChannel, entry: Entry) => {
    const { exchange, key, content, properties } = entry.message;
    const options = { ...properties, mandatory: true, persistent: true };
    entry.sentAt = Date.now();
    sent.add(entry);
    try {
      const room = on.publish(exchange, key, content, options, (error: Error | null) => {
        if (channel === on) confirmed(entry, error);
      });
      if (!room) writable = false;
    } catch (error) {
      // Either the channel has just gone (its `gone` puts the entry back) or the message cannot be encoded.
      if (error instanceof Error && error.name === 'IllegalOperationError') return;
      sent.delete(entry);
      entry.settle(error instanceof Error ? error : new Error(String(error)));
    }
  };

  const confirmed = (entry: Entry, refused: Error | null) => {
    sent.delete(entry);
    const { messageId } = entry.message.properties;
    const why = takeReturn(messageId);
    if (refused !== null) entry.settle(new RefusedError(`the broker refused ${messageId}: ${refused.message}`));
    else if (why !== undefined) entry.settle(new UnroutableError(`${messageId} could not be routed: ${why}`));
    else entry.settle();
    pump();
  };

  const noteReturn = ({ properties: { messageId }, fields: { routingKey, exchange } }: Message) => {
    const why = `no queue for key "${routingKey}" of exchange "${exchange}"`;
    returned.set(messageId, { why, count: (returned.get(messageId)?.count ?? 0) + 1 });
  };

  const takeReturn = (messageId: string): string | undefined => {
    const found = returned.get(messageId);
    if (found === undefined) return undefined;
    found.count -= 1;
    if (found.count === 0) returned.delete(messageId);
    return found.why;
  };

  const kept = keepChannel<ConfirmChannel>({
    link,
    name: 'publish',
    log,
    open: (connection) => connection.createConfirmChannel(),
    opened: (opened) => {
      // The broker returns an unroutable message before it confirms it.
      opened.on('return', noteReturn);
      // Before amqplib's own listener, which answers for all that is under way as if the broker had refused it.
      opened.prependOnceListener('close', () => {
        if (channel === opened) channel = undefined;
      });
      opened.on('drain', () => {
        writable = true;
        pump();
      });
      channel = opened;
      writable = true;
      pump();
    },
    gone: () => {
      channel = undefined;
      returned.clear();
      waiting.unshift(...[...sent].filter((entry) => !entry.settled));
      sent.clear();
    },
  });
  link.onChange(pump);

  const timedOut = (entry: Entry, timeoutMs: number) => {
    const why = link.blocked ?? (link.connected ? 'no confirm came' : 'not connected');
    entry.settle(new BrokerUnavailableError(`not confirmed within ${timeoutMs} ms: ${why}`));
    const at = waiting.indexOf(entry);
    if (at >= 0) waiting.splice(at, 1);
    if (link.blocked === undefined) reopenWhenStuck();
  };

  const reopenWhenStuck = () => {
    const [oldest] = sent;
    if (channel === undefined || oldest === undefined || Date.now() - oldest.sentAt < CONFIRM_TIMEOUT_MS) return;
    const stuck = channel;
    channel = undefined;
    log.warn({ unconfirmed: sent.size }, 'the broker confirms nothing: opening another channel');
    void closeChannel(stuck);
  };

  const publish = (message: Outgoing, timeoutMs = DEFAULT_TIMEOUT_MS) =>
    new Promise<void>((resolve, reject) => {
      if (closed) throw new BrokerUnavailableError('the bus is closed');
      if (waiting.length >= MAX_WAITING) throw new OverloadedError(`${MAX_WAITING} messages wait to be published`);
      const timer = setTimeout(() => timedOut(entry, timeoutMs), timeoutMs);
      const entry: Entry = {
        message,
        sentAt: 0,
        settled: false,
        settle: (error) => {
          if (entry.settled) return;
          entry.settled = true;
          clearTimeout(timer);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      waiting.push(entry);
      pump();
    });

  return {
    publish,
    close: once(async () => {
      closed = true;
      await kept.close();
      for (const entry of waiting) entry.settle(new BrokerUnavailableError('the bus is closed'));
      waiting.length = 0;
    }),
  };
}
