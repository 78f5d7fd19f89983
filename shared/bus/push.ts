import { randomUUID } from 'node:crypto';
import type { Channel } from 'amqplib';
import type { Logger } from 'pino';
import type { Closeable } from './closeable.ts';
import type { Link } from './connection.ts';
import { keepChannel } from './keep-channel.ts';
import { EXCHANGES } from './topology.ts';

/**
 * Tells all gateways, without a confirm and without a buffer: what cannot be sent now is dropped. Messages are numbered,
 * so whoever listens notices a gap, at the latest with the next `worker.alive`.
 */
export class Pusher implements Closeable {
  readonly close: () => Promise<void>;
  readonly #link: Link;
  readonly #log: Logger;
  readonly #origin = randomUUID();
  #n = 0;
  #channel: Channel | undefined;
  #writable = true;

  constructor(link: Link, log: Logger) {
    this.#link = link;
    this.#log = log;
    const { close } = keepChannel<Channel>({
      link,
      log,
      name: 'push',
      open: (connection) => connection.createChannel(),
      opened: (channel) => this.#opened(channel),
      gone: () => {
        this.#channel = undefined;
      },
    });
    this.close = close;
  }

  push(type: 'events' | 'alive', body: unknown): void {
    this.#n += 1;
    if (this.#channel === undefined || !this.#writable || this.#link.blocked !== undefined) return;
    const headers = { 'x-origin': this.#origin, 'x-n': this.#n };
    const properties = { type, contentType: 'application/json', headers };
    try {
      this.#writable = this.#channel.publish(EXCHANGES.push, '', Buffer.from(JSON.stringify(body)), properties);
    } catch (error) {
      this.#log.debug({ err: error }, 'a push was lost with its channel');
    }
  }

  #opened(channel: Channel): void {
    channel.on('drain', () => {
      this.#writable = true;
    });
    this.#writable = true;
    this.#channel = channel;
  }
}
