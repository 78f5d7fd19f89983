import type { DeltaPace } from './delta-pace.ts';
import { wholeCharacters } from './graphemes.ts';

/** The nth delta of a run (from 0): the text from `offset` (UTF-16 units) on. */
export interface Delta {
  readonly n: number;
  readonly offset: number;
  readonly text: string;
}

/**
 * A text as it is told while it grows. Pieces are joined to deltas that come no faster than the pace allows and never
 * end inside a character. The first is told at once. Must be closed.
 */
export class ToldText {
  readonly #tell: (delta: Delta) => Promise<void>;
  readonly #pace: DeltaPace;
  readonly #leave: () => void;
  #text = '';
  #told = 0;
  #count = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** Deltas are told one after the other; a failed one fails the rest. */
  #telling: Promise<void> = Promise.resolve();

  constructor(pace: DeltaPace, tell: (delta: Delta) => Promise<void>) {
    this.#pace = pace;
    this.#leave = pace.enter();
    this.#tell = tell;
  }

  get text(): string {
    return this.#text;
  }

  /** Adds a piece. Resolves when there is room for more. @throws what telling an earlier delta threw */
  async add(piece: string): Promise<void> {
    this.#text += piece;
    const wait = this.#lastAt + this.#pace.intervalMs - performance.now();
    if (wait <= 0) return await this.#flush(wholeCharacters(this.#text));
    this.#timer ??= setTimeout(() => {
      // Its failure is kept in #telling, where the next `add` or `end` finds it.
      this.#flush(wholeCharacters(this.#text)).catch(() => {});
    }, wait);
    return await this.#telling;
  }

  /** Tells what is left and gives the whole text. */
  async end(): Promise<string> {
    await this.#flush(this.#text.length);
    return this.#text;
  }

  /** Tells nothing more. Idempotent. */
  close(): void {
    this.#leave();
    this.#disarm();
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #flush(until: number): Promise<void> {
    this.#disarm();
    const text = this.#text.slice(this.#told, until);
    if (text === '') return this.#telling;
    const delta = { n: this.#count++, offset: this.#told, text };
    this.#told = until;
    this.#lastAt = performance.now();
    this.#telling = this.#telling.then(() => this.#tell(delta));
    return this.#telling;
  }
}
