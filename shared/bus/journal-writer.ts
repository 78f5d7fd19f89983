import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { type JournalRecord, recordToJson } from '../messages/record.ts';
import { BrokerUnavailableError, OverloadedError } from './broker-errors.ts';
import { MAX_MESSAGE_BYTES } from './envelope.ts';
import { TerminalError } from './errors.ts';
import { partitionOf } from './partition.ts';
import { backoffMs, pause } from './pause.ts';
import type { Publisher } from './publisher.ts';
import { EXCHANGES } from './topology.ts';

const MAX_GROUP_RECORDS = 200;
const MAX_GROUP_BYTES = 256 * 1024;
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
const GROUP_TIMEOUT_MS = 10_000;
const FIRST_BACKOFF_MS = 100;
const MOST_BACKOFF_MS = 2_000;

/** The records of one `append`; settled when all of them are confirmed, or when it has waited long enough. */
interface Wish {
  left: number;
  settled: boolean;
  readonly failFast: boolean;
  settle(error?: Error): void;
}

interface Item {
  readonly json: string;
  readonly bytes: number;
  readonly wish: Wish;
}

export interface JournalWriter {
  append(records: readonly JournalRecord[], timeoutMs: number, failFast: boolean): Promise<void>;
  /** Rejects every wish that asked to fail fast. */
  failFast(why: string): void;
  /** Rejects everything that still waits. */
  close(): void;
}

/** `mend` is called when a journal turns out to be missing. */
export function journalWriter(
  publisher: Publisher,
  partitions: number,
  mend: () => Promise<void>,
  log: Logger,
): JournalWriter {
  const stop = new AbortController();
  const wishes = new Set<Wish>();
  let pendingBytes = 0;
  const journals = Array.from({ length: partitions }, (_, partition) =>
    openJournal({ partition, publisher, mend, log, stop: stop.signal, done: (bytes) => (pendingBytes -= bytes) }),
  );

  const append = (records: readonly JournalRecord[], timeoutMs: number, failFast: boolean) =>
    new Promise<void>((resolve, reject) => {
      if (stop.signal.aborted) throw new BrokerUnavailableError('the bus is closed');
      const lines = records.map((record) => ({ partition: partitionOf(record.job, partitions), ...line(record) }));
      const bytes = lines.reduce((sum, each) => sum + each.bytes, 0);
      if (pendingBytes + bytes > MAX_PENDING_BYTES)
        throw new OverloadedError(`${pendingBytes} bytes wait for the broker`);
      if (lines.length === 0) return resolve();
      pendingBytes += bytes;
      const wish = wishOf(lines.length, timeoutMs, failFast, (error) => {
        wishes.delete(wish);
        if (error === undefined) resolve();
        else reject(error);
      });
      wishes.add(wish);
      for (const { partition, json, bytes } of lines) journals[partition]?.add({ json, bytes, wish });
    });

  return {
    append,
    failFast: (why) => {
      for (const wish of wishes) if (wish.failFast) wish.settle(new BrokerUnavailableError(why));
    },
    close: () => {
      stop.abort();
      for (const wish of wishes) wish.settle(new BrokerUnavailableError('the bus is closed'));
    },
  };
}

function line(record: JournalRecord): { json: string; bytes: number } {
  const json = JSON.stringify(recordToJson(record));
  const bytes = Buffer.byteLength(json);
  if (bytes <= MAX_MESSAGE_BYTES) return { json, bytes };
  throw new TerminalError('validation', `${record.id} has ${bytes} bytes, more than ${MAX_MESSAGE_BYTES}`);
}

function wishOf(count: number, timeoutMs: number, failFast: boolean, settled: (error?: Error) => void): Wish {
  const late = () => wish.settle(new BrokerUnavailableError(`the broker confirmed nothing for ${timeoutMs} ms`));
  const timer = Number.isFinite(timeoutMs) ? setTimeout(late, timeoutMs) : undefined;
  const wish: Wish = {
    left: count,
    settled: false,
    failFast,
    settle: (error) => {
      if (wish.settled) return;
      wish.settled = true;
      clearTimeout(timer);
      settled(error);
    },
  };
  return wish;
}

interface JournalOptions {
  readonly partition: number;
  readonly publisher: Publisher;
  readonly log: Logger;
  readonly stop: AbortSignal;
  mend(): Promise<void>;
  done(bytes: number): void;
}

/** One group is under way at a time; what comes meanwhile is the next. So order holds, and load makes groups, not a clock. */
function openJournal({ partition, publisher, log, stop, mend, done }: JournalOptions) {
  let waiting: Item[] = [];
  let writing = false;

  const write = async () => {
    writing = true;
    while (waiting.length > 0) {
      const group = waiting.slice(0, groupEnd(waiting));
      waiting = waiting.slice(group.length);
      await publishGroup(group);
      for (const { bytes, wish } of group) {
        done(bytes);
        wish.left -= 1;
        if (wish.left === 0) wish.settle();
      }
    }
    writing = false;
  };

  /** Resolves when the group is confirmed or nobody waits for it any more. */
  const publishGroup = async (group: readonly Item[]) => {
    const messageId = randomUUID();
    for (let failures = 1; !stop.aborted; failures += 1) {
      const wanted = group.filter(({ wish }) => !wish.settled);
      if (wanted.length === 0) return;
      try {
        return await publisher.publish(groupMessage(partition, messageId, wanted), GROUP_TIMEOUT_MS);
      } catch (error) {
        log.warn(
          { partition, records: wanted.length, err: error },
          'a group of records was not confirmed, sending it again',
        );
        if (error instanceof Error && error.name === 'UnroutableError') await mend();
        await pause(backoffMs(failures, FIRST_BACKOFF_MS, MOST_BACKOFF_MS), stop);
      }
    }
  };

  return {
    add: (item: Item) => {
      waiting.push(item);
      // A microtask later, so that what is appended in one go travels together.
      if (!writing) {
        writing = true;
        queueMicrotask(() => void write());
      }
    },
  };
}

function groupEnd(items: readonly Item[]): number {
  let bytes = 0;
  for (const [at, item] of items.entries()) {
    bytes += item.bytes;
    if (at > 0 && (at >= MAX_GROUP_RECORDS || bytes > MAX_GROUP_BYTES)) return at;
  }
  return items.length;
}

const groupMessage = (partition: number, messageId: string, items: readonly Item[]) => ({
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
