import type { Channel, ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import type { Link } from './connection.ts';
import { type ReadDeadLetter, readDeadLetter } from './dead-letter.ts';
import { declareQueue } from './declare.ts';
import { type Delivery, deliveryOf } from './delivery.ts';
import { closeChannel } from './keep-channel.ts';
import { backoffMs, pause } from './pause.ts';
import { deadLetters } from './topology.ts';

/** The letters counted at the start that do not come within this time are gone: somebody took them. */
const SILENCE_MS = 3_000;
/** How long to wait for another scan, here or in another process, to end. */
const LOCK_TIMEOUT_MS = 30_000;
const ACCESS_REFUSED = 403;

export interface Scanned extends ReadDeadLetter {
  readonly delivery: Delivery;
}

/** Returns 'enough' to end the scan early. */
export type Visit = (scanned: Scanned, progress: ScanProgress) => Promise<'more' | 'enough'>;

/** Letters seen so far, the one at hand included, of those that lay there at the start. */
export interface ScanProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Shows every dead letter once to `visit`, oldest first: as many as there were at the start, so that letters which die
 * again meanwhile are not met again. What `visit` does not ack stays. Until the end all of them are held, unseen by
 * others; whoever dies in the middle gives them back. The consumer is exclusive: one scan at a time in all processes.
 */
export async function scanDeadLetters(link: Link, visit: Visit, log: Logger, signal?: AbortSignal): Promise<number> {
  const over = new AbortController();
  const either = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  const channel = await openExclusively(link, either, log);
  try {
    return await visitAll(channel, visit, either);
  } finally {
    over.abort();
    await closeChannel(channel.channel);
  }
}

interface Opened {
  readonly channel: Channel;
  readonly total: number;
  readonly arrived: Delivery[];
  /** Resolves when something has arrived, or the channel is gone. */
  next(ms: number, signal: AbortSignal): Promise<void>;
  gone(): boolean;
}

async function openExclusively(link: Link, signal: AbortSignal, log: Logger): Promise<Opened> {
  const until = Date.now() + LOCK_TIMEOUT_MS;
  for (let failures = 1; ; failures += 1) {
    try {
      return await open(link, signal, log);
    } catch (error) {
      const busy = error instanceof Error && 'code' in error && error.code === ACCESS_REFUSED;
      if (!busy || Date.now() > until || signal.aborted) throw error;
      await pause(backoffMs(failures, 50, 1_000), signal);
    }
  }
}

async function open(link: Link, signal: AbortSignal, log: Logger): Promise<Opened> {
  const connection = await link.connection(signal);
  const channel = await connection.createChannel();
  const arrived: Delivery[] = [];
  let gone = false;
  let wake = new AbortController();
  const rouse = () => {
    wake.abort();
    wake = new AbortController();
  };
  channel.on('error', (error) => log.debug({ why: error.message }, 'a scan of the dead letters was refused'));
  channel.once('close', () => {
    gone = true;
    rouse();
  });
  const queue = deadLetters();
  await declareQueue(channel, queue);
  const { messageCount } = await channel.checkQueue(queue.name);
  // No prefetch: letters that stay must be held until the end, or they would come again.
  const receive = (message: ConsumeMessage | null) => {
    if (message === null) gone = true;
    else arrived.push(deliveryOf(channel, message, () => gone));
    rouse();
  };
  await channel.consume(queue.name, receive, { exclusive: true });
  return {
    channel,
    total: messageCount,
    arrived,
    gone: () => gone,
    next: (ms, stop) => pause(ms, AbortSignal.any([wake.signal, stop])),
  };
}

async function visitAll({ total, arrived, next, gone }: Opened, visit: Visit, signal: AbortSignal): Promise<number> {
  for (let visited = 0; visited < total; visited += 1) {
    if (arrived.length === 0) await next(SILENCE_MS, signal);
    const delivery = arrived.shift();
    if (delivery === undefined || gone() || signal.aborted) return visited;
    const verdict = await visit({ delivery, ...readDeadLetter(delivery.message) }, { done: visited + 1, total });
    if (verdict === 'enough') return visited + 1;
  }
  return total;
}
