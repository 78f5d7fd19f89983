import type { Logger } from 'pino';
import type { Command } from '../messages/command.ts';
import { CommandReplayed } from '../messages/outcome.ts';
import type { JournalRecord } from '../messages/record.ts';
import type { Link } from './connection.ts';
import { type DeadLetter, MAX_REPLAYS } from './dead-letter.ts';
import { type DeadLetterFilter, fits } from './dead-letter-filter.ts';
import { type Scanned, type ScanProgress, scanDeadLetters, type Visit } from './dead-letter-scan.ts';
import { pause } from './pause.ts';

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

export interface DeadLetterOptions {
  readonly link: Link;
  readonly log: Logger;
  append(records: readonly JournalRecord[]): Promise<void>;
}

/** Does something about a letter; says why when it cannot. */
type Deed = (scanned: Scanned) => Promise<Skipped | undefined>;

export class DeadLetterBox implements DeadLetters {
  readonly #options: DeadLetterOptions;
  /** Scans of this process wait here for each other, not at the broker. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: DeadLetterOptions) {
    this.#options = options;
  }

  async list(filter: DeadLetterFilter = {}, limit = LIST_LIMIT): Promise<DeadLetter[]> {
    const found = new Map<string, DeadLetter>();
    await this.#scan(async ({ letter }) => {
      // A worker that died between burying a command and its ack leaves two copies of one letter.
      if (fits(letter, filter)) found.set(letter.id, letter);
      return found.size >= limit ? 'enough' : 'more';
    });
    return [...found.values()];
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const [letter] = await this.list({ ids: [id] }, 1);
    return letter;
  }

  async replay(filter: DeadLetterFilter, options: ActOptions = {}) {
    const { done, ...acted } = await this.#act(filter, options, (scanned) => this.#replayOne(scanned));
    return { ...acted, replayed: done };
  }

  async discard(filter: DeadLetterFilter, options: ActOptions = {}) {
    const { done, ...acted } = await this.#act(filter, options, async () => undefined);
    return { ...acted, discarded: done };
  }

  async #act(filter: DeadLetterFilter, options: ActOptions, deed: Deed): Promise<Acted & { readonly done: number }> {
    const { limit = Number.POSITIVE_INFINITY, ratePerS, dryRun = false, onProgress, signal } = options;
    const matched = new Set<string>();
    const skipped = new Map<string, Skipped>();
    const visit: Visit = async (scanned, progress) => {
      onProgress?.(progress);
      const { id } = scanned.letter;
      if (!fits(scanned.letter, filter) || (matched.size >= limit && !matched.has(id))) return 'more';
      matched.add(id);
      if (dryRun) return 'more';
      const skip = await deed(scanned);
      if (skip === undefined) scanned.delivery.ack();
      else skipped.set(id, skip);
      if (ratePerS !== undefined) await pause(1000 / ratePerS, ...(signal === undefined ? [] : [signal]));
      return 'more';
    };
    await this.#scan(visit, signal);
    return { matched: matched.size, done: dryRun ? 0 : matched.size - skipped.size, skipped: [...skipped.values()] };
  }

  #scan(visit: Visit, signal?: AbortSignal): Promise<number> {
    const { link, log } = this.#options;
    const mine = this.#last.then(() => scanDeadLetters(link, visit, log, signal));
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #replayOne({ letter, command }: Scanned): Promise<Skipped | undefined> {
    if (command === undefined) return { id: letter.id, why: 'not a command of a job: it can only be discarded' };
    if (!letter.replayable) return { id: letter.id, why: `already replayed ${MAX_REPLAYS} times` };
    await this.#options.append([replayRecord(letter, command)]);
    return undefined;
  }
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
