import type { Outgoing } from './publisher.ts';

/** A message that somebody waits for. */
export interface Entry {
  readonly message: Outgoing;
  /** Epoch milliseconds at which it was last written to a channel. */
  sentAt: number;
  settled: boolean;
  /** Answers whoever waits; later calls do nothing. */
  settle(error?: Error): void;
}

interface EntryOptions {
  readonly message: Outgoing;
  readonly timeoutMs: number;
  resolve(): void;
  reject(error: Error): void;
  late(entry: Entry): void;
}

export function entryOf({ message, timeoutMs, resolve, reject, late }: EntryOptions): Entry {
  const timer = setTimeout(() => late(entry), timeoutMs);
  const entry: Entry = {
    message,
    sentAt: 0,
    settled: false,
    settle: (error) => {
      if (entry.settled) return;
      entry.settled = true;
      clearTimeout(timer);
      if (error === undefined) resolve();
      else reject(error);
    },
  };
  return entry;
}
