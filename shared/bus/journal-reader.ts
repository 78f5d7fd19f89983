import type { Message } from 'amqplib';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type JournalRecord, parseRecord } from '../messages/record.ts';
import type { TurnInfo } from './bus.ts';
import { type Closeable, once } from './closeable.ts';
import type { Link } from './connection.ts';
import type { Delivery } from './delivery.ts';
import { jsonOf } from './envelope.ts';
import { OrderedAcks } from './ordered-acks.ts';
import { backoffMs, pause, settlesWithin } from './pause.ts';
import { subscribe } from './subscribe.ts';
import { journal } from './topology.ts';

const PREFETCH = 256;
const MAX_BATCH_RECORDS = 300;
/** Records differ a thousandfold: as many with vectors as without would keep the database for longer than it may take. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const FIRST_BACKOFF_MS = 100;
/** Everybody waits for the journal: a database that is back must not wait for it, too. */
const MOST_BACKOFF_MS = 2_000;
const DRAIN_MS = 15_000;
/** Turns of which not all is sent yet. One more would not make the wheel faster, only its confirms later. */
const MAX_UNSENT = 4;

export interface JournalReaderOptions {
  readonly link: Link;
  readonly log: Logger;
  readonly partition: number;
  turn(records: JournalRecord[], info: TurnInfo): Promise<void>;
  /** Puts away what cannot be read; resolves when it is safe. */
  bury(message: Message, why: string, content: unknown): Promise<void>;
}

/** One message of the journal, taken apart. */
interface Group {
  readonly delivery: Delivery;
  readonly records: readonly JournalRecord[];
  /** What was no record, and why. */
  readonly rubbish: readonly { readonly why: string; readonly raw: unknown }[];
}

/**
 * Turns one batch at a time; what arrives during a turn is the next batch. A turn is over when what it heard is safe; what
 * follows from it is sent while the next one runs, and batches are acked in order. When that fails, the batch is turned
 * again beside later ones.
 */
export async function readJournal(options: JournalReaderOptions): Promise<Closeable> {
  const { link, log, partition } = options;
  const stop = new AbortController();
  let arrived: Group[] = [];
  let wake = () => {};
  const acks = new OrderedAcks();

  const subscription = await subscribe({
    link,
    log,
    queue: journal(partition),
    prefetch: PREFETCH,
    onDelivery: (delivery) => {
      arrived.push(openGroup(delivery));
      wake();
    },
    onGone: () => {
      arrived = [];
    },
  });

  const somethingArrived = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      if (arrived.length > 0 || stop.signal.aborted) resolve();
    });

  const read = async () => {
    while (!stop.signal.aborted) {
      await somethingArrived();
      const batch = arrived.slice(0, batchEnd(arrived));
      arrived = arrived.slice(batch.length);
      const last = batch.at(-1);
      if (last === undefined) continue;
      await acks.room(MAX_UNSENT);
      if (stop.signal.aborted) break;
      await new Promise<void>((heard) => {
        const done = turnUntilDone(batch, options, stop.signal, heard);
        void done.then(() => heard());
        acks.add(last.delivery, done);
      });
    }
    await acks.room(1);
  };
  const reading = read();

  return {
    // The consumer is not cancelled first: the next reader would start behind what this one still holds.
    close: once(async () => {
      stop.abort();
      wake();
      if (!(await settlesWithin(reading, DRAIN_MS))) log.warn({ partition }, 'a turn was still running at the end');
      await subscription.close();
    }),
  };
}

/** Tries a batch until it is done, or until it is the broker's again. @returns whether it is done. Never rejects */
async function turnUntilDone(
  batch: readonly Group[],
  options: JournalReaderOptions,
  stop: AbortSignal,
  heard: () => void,
): Promise<boolean> {
  const { log, partition } = options;
  const records = batch.flatMap((group) => group.records);
  const redelivered = batch.some(({ delivery }) => delivery.message.fields.redelivered);
  for (let failures = 1; batch.every(({ delivery }) => !delivery.lost()); failures += 1) {
    try {
      await buryRubbish(batch, options);
      if (records.length > 0) await options.turn(records, { redelivered: redelivered || failures > 1, heard });
      return true;
    } catch (error) {
      log.error({ partition, records: records.length, failures, err: error }, 'a turn failed, trying it again');
      if (stop.aborted) return false;
      await pause(backoffMs(failures, FIRST_BACKOFF_MS, MOST_BACKOFF_MS), stop);
    }
  }
  return false;
}

async function buryRubbish(batch: readonly Group[], { bury }: JournalReaderOptions): Promise<void> {
  for (const { delivery, rubbish } of batch) {
    for (const { why, raw } of rubbish) await bury(delivery.message, why, raw);
  }
}

function batchEnd(groups: readonly Group[]): number {
  let records = 0;
  let bytes = 0;
  for (const [at, group] of groups.entries()) {
    records += group.records.length;
    bytes += group.delivery.message.content.length;
    if (at > 0 && (records > MAX_BATCH_RECORDS || bytes > MAX_BATCH_BYTES)) return at;
  }
  return groups.length;
}

const GroupBody = z.object({ records: z.array(z.unknown()) });

function openGroup(delivery: Delivery): Group {
  try {
    return { delivery, ...sortOut(GroupBody.parse(jsonOf(delivery.message.content)).records) };
  } catch (error) {
    const raw = delivery.message.content.toString('utf8');
    return { delivery, records: [], rubbish: [{ why: `not a group of records: ${reason(error)}`, raw }] };
  }
}

function sortOut(raws: readonly unknown[]): Pick<Group, 'records' | 'rubbish'> {
  const records: JournalRecord[] = [];
  const rubbish: { why: string; raw: unknown }[] = [];
  for (const raw of raws) {
    try {
      records.push(parseRecord(raw));
    } catch (error) {
      rubbish.push({ why: `not a record: ${reason(error)}`, raw });
    }
  }
  return { records, rubbish };
}

const reason = (error: unknown): string =>
  error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
