import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Command } from '../messages/command.ts';
import { CommandReplayed } from '../messages/outcome.ts';
import type { JournalRecord } from '../messages/record.ts';
import type { Link } from './connection.ts';
import { type DeadLetter, MAX_REPLAYS } from './dead-letter.ts';
import { type DeadLetterFilter, fits } from './dead-letter-filter.ts';
import { type Scanned, type ScanProgress, scanDeadLetters, type Visit } from './dead-letter-scan.ts';

const LIST_LIMIT = 100;

export interface ActOptions {
  /** Most letters to act on; the default is all. */
  readonly limit?: number;
  readonly ratePerS?: number;
  /** Say what would be done, and do nothing. */
  readonly dryRun?: boolean;
  /** Called after each letter, whether it fits or not. */
  readonly onProgress?: (progress: ScanProgress) => void;
  /** Ends the work after the letter at hand; what is left stays. */
  readonly signal?: AbortSignal;
}

export interface Skipped {
  readonly id: string;
  readonly why: string;
}

export interface Acted {
  /** Letters that fit the filter, up to the limit. */
  readonly matched: number;
  readonly done: number;
  readonly skipped: readonly Skipped[];
}

export interface DeadLetters {
  /** Oldest first. `limit` defaults to 100. */
  list(filter?: DeadLetterFilter, limit?: number): Promise<DeadLetter[]>;
  get(id: string): Promise<DeadLetter | undefined>;
  /**
   * Hands commands back to their jobs: a confirmed record in the journal, then the ack of the letter. Killed in between,
   * the letter is still there, and replaying it again says the same under the same id, which counts once.
   */
  replay(filter: DeadLetterFilter, options?: ActOptions): Promise<Acted & { readonly replayed: number }>;
  /** Removes letters for good. Their jobs stay failed. */
  discard(filter: DeadLetterFilter, options?: ActOptions): Promise<Acted & { readonly discarded: number }>;
}

export function deadLetterBox(
  link: Link,
  append: (records: readonly JournalRecord[]) => Promise<void>,
  log: Logger,
): DeadLetters {
  // Scans of this process wait here for each other, not at the broker.
  let last: Promise<unknown> = Promise.resolve();
  const scan = (visit: Visit, signal?: AbortSignal): Promise<number> => {
    const mine = last.then(() => scanDeadLetters(link, visit, log, signal));
    last = mine.catch(() => {});
    return mine;
  };

  const list = async (filter: DeadLetterFilter = {}, limit = LIST_LIMIT) => {
    const found = new Map<string, DeadLetter>();
    await scan(async ({ letter }) => {
      // A worker that died between burying a command and its ack leaves two copies of one letter.
      if (fits(letter, filter)) found.set(letter.id, letter);
      return found.size >= limit ? 'enough' : 'more';
    });
    return [...found.values()];
  };

  const act = async (
    filter: DeadLetterFilter,
    { limit = Number.POSITIVE_INFINITY, ratePerS, dryRun = false, onProgress, signal }: ActOptions,
    deed: (scanned: Scanned) => Promise<Skipped | undefined>,
  ): Promise<Acted> => {
    const matched = new Set<string>();
    const skipped: Skipped[] = [];
    await scan(async (scanned, progress) => {
      onProgress?.(progress);
      const { id } = scanned.letter;
      if (!fits(scanned.letter, filter) || (matched.size >= limit && !matched.has(id))) return 'more';
      const skip = dryRun ? undefined : await deed(scanned);
      if (skip === undefined && !dryRun) scanned.delivery.ack();
      if (skip !== undefined) skipped.push(skip);
      matched.add(id);
      if (ratePerS !== undefined && !dryRun)
        await sleep(1000 / ratePerS, undefined, { ...(signal && { signal }) }).catch(() => {});
      return 'more';
    }, signal);
    return { matched: matched.size, done: dryRun ? 0 : matched.size - skipped.length, skipped };
  };

  const replayOne = async ({ letter, command }: Scanned): Promise<Skipped | undefined> => {
    if (command === undefined) return { id: letter.id, why: 'not a command of a job: it can only be discarded' };
    if (!letter.replayable) return { id: letter.id, why: `already replayed ${MAX_REPLAYS} times` };
    await append([replayRecord(letter, command)]);
    return undefined;
  };

  return {
    list,
    get: async (id) => (await list({ ids: [id] }, 1))[0],
    replay: async (filter, options = {}) => {
      const acted = await act(filter, options, replayOne);
      return { ...acted, replayed: acted.done };
    },
    discard: async (filter, options = {}) => {
      const acted = await act(filter, options, async () => undefined);
      return { ...acted, discarded: acted.done };
    },
  };
}

function replayRecord(letter: DeadLetter, command: Command): JournalRecord {
  const { id, type, part, priority, pool, max_attempts, replay, body } = command;
  return {
    id: `${command.job}/${CommandReplayed.type}/${letter.id}`,
    job: command.job,
    at: Date.now(),
    event: CommandReplayed({
      dead_letter: letter.id,
      command: { id, type, part, priority, pool, max_attempts, replay, body },
    }),
  };
}
