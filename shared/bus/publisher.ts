import type { ConfirmChannel, Options } from 'amqplib';
import type { Logger } from 'pino';
import { BrokerUnavailableError, OverloadedError, RefusedError, UnroutableError } from './broker-errors.ts';
import { type Closeable, once } from './closeable.ts';
import type { Link } from './connection.ts';
import { type ChannelKeeper, keepChannel } from './keep-channel.ts';
import { type Entry, entryOf } from './publish-entry.ts';
import { Returns } from './returns.ts';

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
  /** Whoever sends it knows better than to insist when the broker refuses it. */
  readonly refusable?: true;
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

/** Publishes with confirms, a bounded number of messages ahead of them. */
export class ConfirmPublisher implements Publisher {
  readonly close: () => Promise<void>;
  readonly #kept: ChannelKeeper;
  readonly #link: Link;
  readonly #log: Logger;
  readonly #waiting: Entry[] = [];
  /** In the order of writing. An entry stays until its confirm comes, also when nobody waits any more: it is the window. */
  readonly #sent = new Set<Entry>();
  readonly #returns = new Returns();
  #channel: ConfirmChannel | undefined;
  /** The channel's buffer has room; it says `drain` when it has again. */
  #writable = true;
  #closed = false;

  constructor(link: Link, log: Logger) {
    this.#link = link;
    this.#log = log;
    this.#kept = keepChannel<ConfirmChannel>({
      link,
      log,
      name: 'publish',
      open: (connection) => connection.createConfirmChannel(),
      opened: (channel) => this.#opened(channel),
      gone: () => this.#gone(),
    });
    link.onChange(() => this.#pump());
    this.close = once(async () => {
      this.#closed = true;
      await this.#kept.close();
      for (const entry of this.#waiting.splice(0)) entry.settle(new BrokerUnavailableError('the bus is closed'));
    });
  }

  publish(message: Outgoing, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new BrokerUnavailableError('the bus is closed');
      if (this.#waiting.length >= MAX_WAITING)
        throw new OverloadedError(`${MAX_WAITING} messages wait to be published`);
      const late = (entry: Entry) => this.#late(entry, timeoutMs);
      this.#waiting.push(entryOf({ message, timeoutMs, resolve, reject, late }));
      this.#pump();
    });
  }

  #opened(channel: ConfirmChannel): void {
    channel.on('return', (message) => this.#returns.note(message));
    channel.on('drain', () => {
      this.#writable = true;
      this.#pump();
    });
    // Before amqplib's own listener, which answers for all that is under way as if the broker had refused it.
    channel.prependOnceListener('close', () => {
      if (this.#channel === channel) this.#channel = undefined;
    });
    this.#channel = channel;
    this.#writable = true;
    this.#pump();
  }

  #gone(): void {
    this.#channel = undefined;
    this.#returns.clear();
    this.#waiting.unshift(...[...this.#sent].filter((entry) => !entry.settled));
    this.#sent.clear();
  }

  #pump(): void {
    while (this.#channel !== undefined && this.#writable && !this.#link.blocked && this.#sent.size < WINDOW) {
      const entry = this.#waiting.shift();
      if (entry === undefined) return;
      if (!entry.settled) this.#write(this.#channel, entry);
    }
  }

  #write(channel: ConfirmChannel, entry: Entry): void {
    const { exchange, key, content, properties } = entry.message;
    entry.sentAt = Date.now();
    this.#sent.add(entry);
    try {
      const options = { ...properties, mandatory: true, persistent: true };
      this.#writable = channel.publish(exchange, key, content, options, (refused: Error | null) => {
        if (this.#channel === channel) this.#confirmed(entry, refused);
      });
    } catch (error) {
      // The channel has just gone, and `#gone` will put the entry back; or else the message cannot be encoded.
      if (error instanceof Error && error.name === 'IllegalOperationError') return;
      this.#sent.delete(entry);
      entry.settle(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #confirmed(entry: Entry, refused: Error | null): void {
    this.#sent.delete(entry);
    const { messageId } = entry.message.properties;
    const returned = this.#returns.take(messageId);
    if (refused !== null) entry.settle(new RefusedError(`the broker refused ${messageId}: ${refused.message}`));
    else if (returned !== undefined) entry.settle(new UnroutableError(`${messageId} is not routable: ${returned}`));
    else entry.settle();
    this.#pump();
  }

  #late(entry: Entry, timeoutMs: number): void {
    const why = this.#link.blocked ?? (this.#link.connected ? 'no confirm came' : 'not connected');
    entry.settle(new BrokerUnavailableError(`not confirmed within ${timeoutMs} ms: ${why}`));
    const at = this.#waiting.indexOf(entry);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#link.blocked === undefined) this.#reopenWhenStuck();
  }

  #reopenWhenStuck(): void {
    const [oldest] = this.#sent;
    if (this.#channel === undefined || oldest === undefined || Date.now() - oldest.sentAt < CONFIRM_TIMEOUT_MS) return;
    this.#channel = undefined;
    this.#log.warn({ unconfirmed: this.#sent.size }, 'the broker confirms nothing: opening another channel');
    this.#kept.renew();
  }
}
