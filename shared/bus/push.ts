import { randomUUID } from 'node:crypto';
import type { Channel } from 'amqplib';
import type { Logger } from 'pino';
import type { StoredEvent } from '../messages/client-event.ts';
import type { WorkerAlive } from './alive.ts';
import type { Closeable } from './closeable.ts';
import type { Link } from './connection.ts';
import { keepChannel } from './keep-channel.ts';
import { pushBodies } from './push-bodies.ts';
import { EXCHANGES } from './topology.ts';

const JSON_TYPE = 'application/json';

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

  pushEvents(events: readonly StoredEvent[]): void {
    this.#push(pushBodies(events));
  }

  pushAlive(alive: WorkerAlive): void {
    this.#push([{ type: 'alive', content: Buffer.from(JSON.stringify(alive)) }]);
  }

  /** All of it or nothing: the channel's buffer may grow by what one turn has to show. */
  #push(bodies: Iterable<{ readonly type: string; readonly content: Buffer }>): void {
    const channel = this.#channel;
    if (channel === undefined || !this.#writable || this.#link.blocked !== undefined) {
      this.#n += 1;
      return;
    }
    for (const { type, content } of bodies) {
      this.#n += 1;
      const headers = { 'x-origin': this.#origin, 'x-n': this.#n };
      try {
        this.#writable = channel.publish(EXCHANGES.push, '', content, { type, contentType: JSON_TYPE, headers });
      } catch (error) {
        this.#log.debug({ err: error }, 'a push was lost with its channel');
      }
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
