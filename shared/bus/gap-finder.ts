const MAX_ORIGINS = 1_000;

/** Notices missing numbers in the messages of each origin. */
export class GapFinder {
  readonly #last = new Map<string, number>();

  /** True when the message directly follows the one before of its origin. Nothing is known to be missing from a new one. */
  follows(origin: string, n: number): boolean {
    const before = this.#last.get(origin);
    this.#last.delete(origin);
    this.#last.set(origin, n);
    const [oldest] = this.#last.keys();
    if (this.#last.size > MAX_ORIGINS && oldest !== undefined) this.#last.delete(oldest);
    return before === undefined || n === before + 1;
  }
}
