import { randomUUID } from 'node:crypto';
import type { Channel } from 'amqplib';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { StoredEvent } from '../messages/client-event.ts';
import { WorkerAlive } from './alive.ts';
import type { Closeable } from './closeable.ts';
import type { Link } from './connection.ts';
import { jsonOf } from './envelope.ts';
import { keepChannel } from './keep-channel.ts';
import { settlesWithin } from './pause.ts';
import { EXCHANGES } from './topology.ts';

/** What a gateway may be behind before the broker drops the oldest. */
const MAX_QUEUED = 10_000;
const MAX_ORIGINS = 1_000;
const READY_TIMEOUT_MS = 15_000;

export interface PushHandlers {
  events(events: StoredEvent[]): void;
  alive(worker: WorkerAlive): void;
  /** Something may have been missed: read what matters from the database again. */
  resync(): void;
}

export interface Pusher extends Closeable {
  push(type: 'events' | 'alive', body: unknown): void;
}

/**
 * Tells all gateways, without a confirm and without a buffer: what cannot be sent now is dropped. Messages are numbered,
 * so whoever listens notices a gap, at the latest with the next `worker.alive`.
 */
export function startPusher(link: Link, log: Logger): Pusher {
  const origin = randomUUID();
  let n = 0;
  let channel: Channel | undefined;
  let writable = true;
  const kept = keepChannel<Channel>({
    link,
    log,
    name: 'push',
    open: (connection) => connection.createChannel(),
    opened: (fresh) => {
      fresh.on('drain', () => {
        writable = true;
      });
      writable = true;
      channel = fresh;
    },
    gone: () => {
      channel = undefined;
    },
  });
  return {
    push: (type, body) => {
      n += 1;
      if (channel === undefined || !writable || link.blocked !== undefined) return;
      const headers = { 'x-origin': origin, 'x-n': n };
      try {
        const content = Buffer.from(JSON.stringify(body));
        writable = channel.publish(EXCHANGES.push, '', content, { type, contentType: 'application/json', headers });
      } catch (error) {
        log.debug({ err: error }, 'a push was lost with its channel');
      }
    },
    close: kept.close,
  };
}

const Header = z.object({ 'x-origin': z.string(), 'x-n': z.int() });
const Events = z.array(z.custom<StoredEvent>((value) => typeof value === 'object' && value !== null && 'job' in value));

/** Hears what is pushed, on a queue of its own that lives as long as its connection. */
export async function listenToPush(link: Link, handlers: PushHandlers, log: Logger): Promise<Closeable> {
  const gapless = gapFinder();
  let subscribedBefore = false;
  let ready = () => {};
  const first = new Promise<void>((resolve) => {
    ready = resolve;
  });

  const kept = keepChannel({
    link,
    log,
    name: 'hear push',
    open: (connection) => connection.createChannel(),
    opened: async (channel) => {
      const { queue } = await channel.assertQueue('', {
        exclusive: true,
        durable: false,
        arguments: { 'x-max-length': MAX_QUEUED, 'x-overflow': 'drop-head' },
      });
      await channel.bindQueue(queue, EXCHANGES.push, '');
      const lost = new Promise<never>((_resolve, reject) => {
        const receive = (message: { content: Buffer; properties: { type?: unknown; headers?: unknown } } | null) => {
          if (message === null) reject(new Error('the broker cancelled the push queue'));
          else safely(log, () => hear(message, handlers, gapless));
        };
        channel.consume(queue, receive, { noAck: true }).then(() => {
          if (subscribedBefore) safely(log, handlers.resync);
          subscribedBefore = true;
          ready();
        }, reject);
      });
      await lost;
    },
  });
  await settlesWithin(first, READY_TIMEOUT_MS);
  return kept;
}

function hear(
  { content, properties }: { content: Buffer; properties: { type?: unknown; headers?: unknown } },
  handlers: PushHandlers,
  gapless: GapFinder,
): void {
  const header = Header.safeParse(properties.headers);
  if (!header.success) return;
  if (!gapless(header.data['x-origin'], header.data['x-n'])) handlers.resync();
  if (properties.type === 'events') handlers.events(Events.parse(jsonOf(content)));
  if (properties.type === 'alive') handlers.alive(WorkerAlive.parse(jsonOf(content)));
}

type GapFinder = (origin: string, n: number) => boolean;

/** True when a message directly follows the one before of the same origin; a new origin is no gap. */
function gapFinder(): GapFinder {
  const last = new Map<string, number>();
  return (origin, n) => {
    const before = last.get(origin);
    last.delete(origin);
    last.set(origin, n);
    const [oldest] = last.keys();
    if (last.size > MAX_ORIGINS && oldest !== undefined) last.delete(oldest);
    return before === undefined || n === before + 1;
  };
}

function safely(log: Logger, act: () => void): void {
  try {
    act();
  } catch (error) {
    log.error({ err: error }, 'a pushed message could not be received');
  }
}
