import type { Logger } from 'pino';
import type { Command } from '../messages/command.ts';
import { CommandReplayed } from '../messages/outcome.ts';
import type { JournalRecord } from '../messages/record.ts';
import { DeadLettersBusyError } from './broker-errors.ts';
import type { Link } from './connection.ts';
import { type DeadLetter, MAX_REPLAYS } from './dead-letter.ts';
import { type DeadLetterFilter, fits } from './dead-letter-filter.ts';
import { type Scanned, type ScanProgress, scanDeadLetters, type Visit } from './dead-letter-scan.ts';
import { Oldest, type Place } from './oldest.ts';
import { pause, settlesWithin } from './pause.ts';
import { Revivals } from './revivals.ts';

const LIST_LIMIT = 100;
/** For a scan that waits for others. One that sends letters back at a rate may take hours. */
const BUSY_MS = 10_000;
/** Letters that stay do not count towards the limit, or those at the front would hide the others; so they need their own. */
const MOST_SKIPPED = 1000;

export interface ActOptions {
  /** Most letters to act on, those that are skipped not counted; the default is all. */
  readonly limit?: number;
  readonly ratePerS?: number;
  /** Say what would be done and what skipped, and do nothing. */
  readonly dryRun?: boolean;
  /** Called after each letter, whether it fits or not. */
  readonly onProgress?: (progress: ScanProgress) => void;
  /** Ends the work after the letter at hand; what is left stays. */
  readonly signal?: AbortSignal;
}

export interface ReplayOptions extends ActOptions {
  /** Why a letter is to stay where it is. The broker does not know what became of a letter's job; who does says it here. */
  readonly refusal?: (letter: DeadLetter) => Promise<string | undefined>;
}

export interface Skipped {
  readonly id: string;
  readonly why: string;
}

export interface Acted {
  /** Letters that fit the filter, as far as they were looked at: up to the limit, and those skipped. */
  readonly matched: number;
  readonly skipped: readonly Skipped[];
}

/** All of them may throw DeadLettersBusyError: one scan at a time, and whoever waits does not wait for long. */
export interface DeadLetters {
  /** Oldest first, beginning after a place in that order. `limit` defaults to 100. */
  list(filter?: DeadLetterFilter, limit?: number, after?: Place): Promise<DeadLetter[]>;
  get(id: string): Promise<DeadLetter | undefined>;
  /**
   * Hands commands back to their jobs: a confirmed record in the journal, then the ack of the letter. Killed in between,
   * the letter is still there, and replaying it again says the same under the same id, which counts once. One letter brings
   * its whole job back: others of the same life are skipped.
   */
  replay(filter: DeadLetterFilter, options?: ReplayOptions): Promise<Acted & { readonly replayed: number }>;
  /** Removes letters for good. Their jobs stay failed. */
  discard(filter: DeadLetterFilter, options?: ActOptions): Promise<Acted & { readonly discarded: number }>;
}

export interface DeadLetterOptions {
  readonly link: Link;
  readonly log: Logger;
  append(records: readonly JournalRecord[]): Promise<void>;
}

/** Why the letter of an earlier life of its job stays: the job began again from there, or from further on. */
export const REPLAYED_SINCE = 'its job was replayed since';

/** What is to be done about letters. */
interface Deed {
  /** Why it cannot be done to this one. */
  refusal(scanned: Scanned): Promise<string | undefined>;
  /** Resolves when the letter may go; on a dry run it only says what comes of that for other letters. */
  carryOut(scanned: Scanned): Promise<void>;
}

const DISCARD: Deed = { refusal: async () => undefined, carryOut: async () => undefined };

export class DeadLetterBox implements DeadLetters {
  readonly #options: DeadLetterOptions;
  /** Scans of this process wait here for each other, not at the broker. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #revivals = new Revivals();

  constructor(options: DeadLetterOptions) {
    this.#options = options;
  }

  async list(filter: DeadLetterFilter = {}, limit = LIST_LIMIT, after?: Place): Promise<DeadLetter[]> {
    const oldest = new Oldest(limit, after);
    await this.#scan(async ({ letter }) => {
      if (fits(letter, filter)) oldest.add(letter);
      return 'more';
    });
    return oldest.letters();
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    let found: DeadLetter | undefined;
    await this.#scan(async ({ letter }) => {
      if (letter.id === id) found = letter;
      return found === undefined ? 'more' : 'enough';
    });
    return found;
  }

  async replay(filter: DeadLetterFilter, { refusal, ...options }: ReplayOptions = {}) {
    const { done, ...acted } = await this.#act(filter, options, this.#replaying(refusal, options.dryRun === true));
    return { ...acted, replayed: done };
  }

  async discard(filter: DeadLetterFilter, options: ActOptions = {}) {
    const { done, ...acted } = await this.#act(filter, options, DISCARD);
    return { ...acted, discarded: done };
  }

  async #act(filter: DeadLetterFilter, options: ActOptions, deed: Deed): Promise<Acted & { readonly done: number }> {
    const { limit = Number.POSITIVE_INFINITY, ratePerS, dryRun = false, onProgress, signal } = options;
    const done = new Set<string>();
    const skipped = new Map<string, Skipped>();
    const pace = paceOf(ratePerS, signal);
    const visit: Visit = async (scanned, progress) => {
      onProgress?.(progress);
      const { id } = scanned.letter;
      if (!fits(scanned.letter, filter) || skipped.has(id)) return 'more';
      // A second copy of a letter goes the way of the first.
      if (!done.has(id)) {
        if (done.size >= limit || skipped.size >= MOST_SKIPPED) return 'more';
        await pace.wait();
        if (signal?.aborted === true) return 'enough';
        const why = await deed.refusal(scanned);
        if (why !== undefined) {
          skipped.set(id, { id, why });
          return 'more';
        }
        done.add(id);
      }
      await deed.carryOut(scanned);
      if (dryRun) return 'more';
      scanned.delivery.ack();
      pace.spent();
      return 'more';
    };
    await this.#scan(visit, signal);
    return {
      matched: done.size + skipped.size,
      done: dryRun ? 0 : done.size,
      skipped: [...skipped.values()],
    };
  }

  #scan(visit: Visit, signal?: AbortSignal): Promise<number> {
    const { link, log } = this.#options;
    const stop = signal ?? new AbortController().signal;
    const until = Date.now() + BUSY_MS;
    const before = this.#last;
    const mine = settlesWithin(before, BUSY_MS).then((free) => {
      if (!free) throw new DeadLettersBusyError();
      return scanDeadLetters({ link, log, visit, until, stop });
    });
    // Who gave up waiting leaves its turn to the next, not the place of who is at it.
    this.#last = Promise.allSettled([before, mine]);
    return mine;
  }

  #replaying(refusal: ReplayOptions['refusal'], dryRun: boolean): Deed {
    const revivals = dryRun ? new Revivals(this.#revivals) : this.#revivals;
    return {
      refusal: async ({ letter }) =>
        unfit(letter) ?? (revivals.cover(letter) ? REPLAYED_SINCE : await refusal?.(letter)),
      carryOut: async ({ letter, command }) => {
        if (command !== undefined && !dryRun) await this.#options.append([replayRecord(letter, command)]);
        revivals.note(letter);
      },
    };
  }
}

/** Waits between two letters, neither before the first nor after the last. */
function paceOf(ratePerS: number | undefined, signal: AbortSignal | undefined) {
  let free = 0;
  return {
    wait: async () => {
      const ms = free - Date.now();
      if (ms > 0) await pause(ms, ...(signal === undefined ? [] : [signal]));
    },
    spent: () => {
      free = ratePerS === undefined ? 0 : Date.now() + 1000 / ratePerS;
    },
  };
}

function unfit({ job, replayable }: DeadLetter): string | undefined {
  if (job === undefined) return 'not a command of a job: it can only be discarded';
  return replayable ? undefined : `already replayed ${MAX_REPLAYS} times`;
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
