import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import type { Link } from './connection.ts';
import { type ReadDeadLetter, readDeadLetter } from './dead-letter.ts';
import { declareQueue } from './declare.ts';
import { type Delivery, deliveryOf } from './delivery.ts';
import { closeChannel } from './keep-channel.ts';
import { pause } from './pause.ts';
import { lockScan } from './scan-lock.ts';
import { DEAD_LETTERS, deadLetters } from './topology.ts';

/** The letters counted at the start that do not come within this time are gone: somebody took them. */
const SILENCE_MS = 3_000;
/** For the letters that stay to lie in their queue again. */
const RETURN_TIMEOUT_MS = 2_000;
const LOOK_EVERY_MS = 10;

export interface Scanned extends ReadDeadLetter {
  readonly delivery: Delivery;
}

/** Letters seen so far, the one at hand included, of those that lay there at the start. */
export interface ScanProgress {
  readonly done: number;
  readonly total: number;
}

/** Returns 'enough' to end the scan early. A letter that it does not ack stays. */
export type Visit = (scanned: Scanned, progress: ScanProgress) => Promise<'more' | 'enough'>;

interface ScanOptions {
  readonly link: Link;
  readonly log: Logger;
  readonly visit: Visit;
  /** Epoch milliseconds. */
  readonly until: number;
  readonly stop: AbortSignal;
}

/**
 * Shows every dead letter once to `visit`, oldest first: as many as there were at the start, so that letters which die
 * again meanwhile are not met again. Until the end all of them are held, unseen by others; whoever dies in the middle
 * gives them back. One scan at a time, in all processes; `until` is how long to wait for the one of another process.
 * @throws {DeadLettersBusyError}
 */
export async function scanDeadLetters({ link, log, visit, until, stop }: ScanOptions): Promise<number> {
  const connection = await link.connection(stop);
  const unlock = await lockScan(connection, until, stop);
  try {
    const channel = await connection.createChannel();
    channel.on('error', (error) => log.warn({ why: error.message }, 'a scan of the dead letters was ended'));
    const scan = new Scan(channel);
    try {
      return await scan.run(visit, stop);
    } finally {
      await closeChannel(channel);
      await untilBack(connection, scan.staying);
    }
  } finally {
    await unlock();
  }
}

class Scan {
  readonly #channel: Channel;
  readonly #arrived: Delivery[] = [];
  /** A number, not the letters: those that stay can be many, and large. */
  #held = 0;
  #gone = false;
  #rouse = new AbortController();

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.once('close', () => this.#end());
  }

  /** How many letters were held and not acked. */
  get staying(): number {
    return this.#held;
  }

  async run(visit: Visit, signal: AbortSignal): Promise<number> {
    const queue = deadLetters();
    await declareQueue(this.#channel, queue);
    const { messageCount: total } = await this.#channel.checkQueue(queue.name);
    if (total === 0) return 0;
    // No prefetch: letters that stay must be held until the end, or they would come again.
    await this.#channel.consume(queue.name, (message) => this.#receive(message));
    for (let done = 1; done <= total; done += 1) {
      const delivery = await this.#next(signal);
      if (delivery === undefined) return done - 1;
      const verdict = await visit({ delivery, ...readDeadLetter(delivery.message) }, { done, total });
      if (verdict === 'enough') return done;
    }
    return total;
  }

  /** The next letter; undefined when none comes any more or the scan is stopped. */
  async #next(signal: AbortSignal): Promise<Delivery | undefined> {
    if (this.#arrived.length === 0 && !this.#gone) {
      await pause(SILENCE_MS, this.#rouse.signal, signal);
    }
    return this.#gone || signal.aborted ? undefined : this.#arrived.shift();
  }

  #receive(message: ConsumeMessage | null): void {
    if (message === null) {
      this.#end();
      return;
    }
    const delivery = deliveryOf(this.#channel, message, () => this.#gone);
    const ack = () => {
      this.#held -= 1;
      delivery.ack();
    };
    this.#held += 1;
    this.#arrived.push({ ...delivery, ack });
    this.#wake();
  }

  #end(): void {
    this.#gone = true;
    this.#wake();
  }

  #wake(): void {
    this.#rouse.abort();
    this.#rouse = new AbortController();
  }
}

/** What a closed channel held takes a moment to lie in its queue again; the next scan has to count it. Never rejects. */
async function untilBack(connection: ChannelModel, count: number): Promise<void> {
  if (count === 0) return;
  const until = Date.now() + RETURN_TIMEOUT_MS;
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    while (Date.now() < until && (await channel.checkQueue(DEAD_LETTERS)).messageCount < count)
      await pause(LOOK_EVERY_MS);
    await closeChannel(channel);
  } catch {
    // The connection has gone: whoever scans next does so later, on another one.
  }
}
