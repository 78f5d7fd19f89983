import type { Channel, ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { PushedEvent } from '../messages/client-event.ts';
import { WorkerAlive } from './alive.ts';
import type { Closeable } from './closeable.ts';
import type { Link } from './connection.ts';
import { jsonOf } from './envelope.ts';
import { GapFinder } from './gap-finder.ts';
import { keepChannel } from './keep-channel.ts';
import { settlesWithin } from './pause.ts';
import { EXCHANGES } from './topology.ts';

/** What a gateway may be behind before the broker drops the oldest. */
const MAX_QUEUED = 10_000;
const READY_TIMEOUT_MS = 15_000;

export interface PushHandlers {
  /** One without data is too large to be pushed: it is to be read from the database. */
  events(events: PushedEvent[]): void;
  alive(worker: WorkerAlive): void;
  /** Something may have been missed: read what matters from the database again. */
  resync(): void;
}

const Header = z.object({ 'x-origin': z.string(), 'x-n': z.int() });
const Events = z.array(z.custom<PushedEvent>((value) => typeof value === 'object' && value !== null && 'job' in value));

/** Hears what is pushed, on a queue of its own that lives as long as its channel's connection. */
export async function hearPush(link: Link, handlers: PushHandlers, log: Logger): Promise<Closeable> {
  const ear = new Ear(handlers, log);
  const kept = keepChannel({
    link,
    log,
    name: 'hear push',
    open: (connection) => connection.createChannel(),
    opened: (channel) => ear.listen(channel),
  });
  await settlesWithin(ear.ready, READY_TIMEOUT_MS);
  return kept;
}

class Ear {
  readonly ready: Promise<void>;
  readonly #handlers: PushHandlers;
  readonly #log: Logger;
  readonly #gaps = new GapFinder();
  #listenedBefore = false;
  #isReady = () => {};

  constructor(handlers: PushHandlers, log: Logger) {
    this.#handlers = handlers;
    this.#log = log;
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve;
    });
  }

  /** Rejects when the queue is lost, and never resolves. */
  async listen(channel: Channel): Promise<void> {
    const { queue } = await channel.assertQueue('', {
      exclusive: true,
      durable: false,
      arguments: { 'x-max-length': MAX_QUEUED, 'x-overflow': 'drop-head' },
    });
    await channel.bindQueue(queue, EXCHANGES.push, '');
    let lost = (_error: Error) => {};
    const end = new Promise<never>((_resolve, reject) => {
      lost = reject;
    });
    const receive = (message: ConsumeMessage | null) => {
      if (message === null) lost(new Error('the broker cancelled the consumer'));
      else this.#safely(() => this.#hear(message));
    };
    await channel.consume(queue, receive, { noAck: true });
    if (this.#listenedBefore) this.#safely(() => this.#handlers.resync());
    this.#listenedBefore = true;
    this.#isReady();
    await end;
  }

  #hear({ content, properties }: ConsumeMessage): void {
    const header = Header.safeParse(properties.headers);
    if (!header.success) return;
    if (!this.#gaps.follows(header.data['x-origin'], header.data['x-n'])) this.#handlers.resync();
    // Two types for the same: a gateway of an earlier release knows no event without data, and does not hear the second.
    if (properties.type === 'events' || properties.type === 'stored')
      this.#handlers.events(Events.parse(jsonOf(content)));
    if (properties.type === 'alive') this.#handlers.alive(WorkerAlive.parse(jsonOf(content)));
  }

  #safely(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#log.error({ err: error }, 'a pushed message could not be received');
    }
  }
}
