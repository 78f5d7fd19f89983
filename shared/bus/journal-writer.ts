import type { Logger } from 'pino';
import { type JournalRecord, recordToJson } from '../messages/record.ts';
import { JobSubmitted } from '../messages/submission.ts';
import { BrokerUnavailableError, OverloadedError } from './broker-errors.ts';
import { MAX_COMMAND_BYTES, MAX_MESSAGE_BYTES } from './envelope.ts';
import { TerminalError } from './errors.ts';
import { Journal, type Wish } from './journal.ts';
import { partitionOf } from './partition.ts';
import type { Publisher } from './publisher.ts';

const MAX_PENDING_BYTES = 64 * 1024 * 1024;

export interface JournalWriterOptions {
  readonly publisher: Publisher;
  readonly partitions: number;
  readonly log: Logger;
  /** Called when a journal turns out to be missing. Never rejects. */
  mend(): Promise<void>;
}

interface Line {
  readonly partition: number;
  readonly json: string;
  readonly bytes: number;
}

/** Appends records to the journals of their jobs, and bounds what waits for all of them together. */
export class JournalWriter {
  readonly #stop = new AbortController();
  readonly #wishes = new Set<Wish>();
  readonly #journals: readonly Journal[];
  #pendingBytes = 0;

  constructor({ partitions, ...options }: JournalWriterOptions) {
    const done = (bytes: number) => {
      this.#pendingBytes -= bytes;
    };
    this.#journals = Array.from(
      { length: partitions },
      (_, partition) => new Journal({ ...options, partition, stop: this.#stop.signal, done }),
    );
  }

  /** `timeoutMs` may be Infinity. Errors: see `Bus.append`. */
  append(records: readonly JournalRecord[], timeoutMs: number, failFast: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#stop.signal.aborted) throw new BrokerUnavailableError('the bus is closed');
      const lines = records.map((record) => lineOf(record, this.#journals.length));
      if (lines.length === 0) return resolve();
      this.#reserve(lines.reduce((sum, { bytes }) => sum + bytes, 0));
      const wish = wishOf(lines.length, timeoutMs, failFast, (error) => {
        this.#wishes.delete(wish);
        if (error === undefined) resolve();
        else reject(error);
      });
      this.#wishes.add(wish);
      for (const { partition, json, bytes } of lines) this.#journals[partition]?.add({ json, bytes, wish });
    });
  }

  /** Rejects every wish that asked to fail fast. */
  failFast(why: string): void {
    for (const wish of this.#wishes) if (wish.failFast) wish.settle(new BrokerUnavailableError(why));
  }

  /** Rejects everything that still waits. */
  close(): void {
    this.#stop.abort();
    for (const wish of this.#wishes) wish.settle(new BrokerUnavailableError('the bus is closed'));
  }

  #reserve(bytes: number): void {
    if (this.#pendingBytes + bytes > MAX_PENDING_BYTES) {
      throw new OverloadedError(`${this.#pendingBytes} bytes wait for the broker`);
    }
    this.#pendingBytes += bytes;
  }
}

function lineOf(record: JournalRecord, partitions: number): Line {
  const json = JSON.stringify(recordToJson(record));
  const bytes = Buffer.byteLength(json);
  // What a job brings must fit into its first command as well.
  const most = record.event.type === JobSubmitted.type ? MAX_COMMAND_BYTES : MAX_MESSAGE_BYTES;
  if (bytes <= most) return { partition: partitionOf(record.job, partitions), json, bytes };
  throw new TerminalError(
    'validation',
    `${record.event.type} would have ${bytes} bytes as a message, more than ${most}`,
  );
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
