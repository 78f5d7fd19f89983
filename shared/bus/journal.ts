import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { UnroutableError } from './broker-errors.ts';
import { backoffMs, pause } from './pause.ts';
import type { Outgoing, Publisher } from './publisher.ts';
import { EXCHANGES } from './topology.ts';

const MAX_GROUP_RECORDS = 200;
const MAX_GROUP_BYTES = 256 * 1024;
const GROUP_TIMEOUT_MS = 10_000;
const FIRST_BACKOFF_MS = 100;
const MOST_BACKOFF_MS = 2_000;

/** The records of one `append`; settled when all of them are confirmed, or when it has waited long enough. */
export interface Wish {
  left: number;
  settled: boolean;
  readonly failFast: boolean;
  settle(error?: Error): void;
}

/** A record as JSON, and who waits for it. */
export interface Item {
  readonly json: string;
  readonly bytes: number;
  readonly wish: Wish;
}

export interface JournalOptions {
  readonly partition: number;
  readonly publisher: Publisher;
  readonly log: Logger;
  readonly stop: AbortSignal;
  mend(): Promise<void>;
  /** So many bytes wait no longer. */
  done(bytes: number): void;
}

/** One group is under way at a time; what comes meanwhile is the next. So order holds, and load makes groups, not a clock. */
export class Journal {
  readonly #options: JournalOptions;
  #waiting: Item[] = [];
  #writing = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    if (this.#writing) return;
    this.#writing = true;
    // A microtask later, so that what is appended in one go travels together.
    queueMicrotask(() => void this.#write());
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.slice(0, groupEnd(this.#waiting));
      this.#waiting = this.#waiting.slice(group.length);
      await this.#publish(group);
      for (const { bytes, wish } of group) {
        this.#options.done(bytes);
        wish.left -= 1;
        if (wish.left === 0) wish.settle();
      }
    }
    this.#writing = false;
  }

  /** Resolves when the group is confirmed, or nobody waits for it any more. Never rejects. */
  async #publish(group: readonly Item[]): Promise<void> {
    const { partition, publisher, log, stop, mend } = this.#options;
    const messageId = randomUUID();
    for (let failures = 1; !stop.aborted; failures += 1) {
      const wanted = group.filter(({ wish }) => !wish.settled);
      if (wanted.length === 0) return;
      try {
        return await publisher.publish(groupMessage(partition, messageId, wanted), GROUP_TIMEOUT_MS);
      } catch (error) {
        log.warn({ partition, records: wanted.length, err: error }, 'records were not confirmed, sending them again');
        if (error instanceof UnroutableError) await mend();
        await pause(backoffMs(failures, FIRST_BACKOFF_MS, MOST_BACKOFF_MS), stop);
      }
    }
  }
}

/** How many of the items travel in one message: at least one, whatever its size. */
function groupEnd(items: readonly Item[]): number {
  let bytes = 0;
  for (const [at, item] of items.entries()) {
    bytes += item.bytes;
    if (at > 0 && (at >= MAX_GROUP_RECORDS || bytes > MAX_GROUP_BYTES)) return at;
  }
  return items.length;
}

const groupMessage = (partition: number, messageId: string, items: readonly Item[]): Outgoing => ({
  exchange: EXCHANGES.events,
  key: String(partition),
  content: Buffer.from(`{"records":[${items.map(({ json }) => json).join(',')}]}`),
  properties: {
    messageId,
    type: 'records',
    contentType: 'application/json',
    timestamp: Math.floor(Date.now() / 1000),
    headers: { 'x-records': items.length },
  },
});
