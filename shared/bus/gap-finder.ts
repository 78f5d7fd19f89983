const MAX_ORIGINS = 1_000;
/** Everybody who pushes is heard of within 5 s (`worker.alive`); who is heard of first after this has begun since. */
const STRANGERS_MS = 15_000;

/** Notices missing numbers in the messages of each origin. */
export class GapFinder {
  readonly #last = new Map<string, number>();
  readonly #since: number;

  /** `since`: when listening began. */
  constructor(since = Date.now()) {
    this.#since = since;
  }

  /**
   * True when the message directly follows the one before of its origin. Of an origin that began before the listener,
   * nothing is known to be missing; of a later one the first message is number 1.
   */
  follows(origin: string, n: number, now = Date.now()): boolean {
    const before = this.#last.get(origin);
    this.#last.delete(origin);
    this.#last.set(origin, n);
    const [oldest] = this.#last.keys();
    if (this.#last.size > MAX_ORIGINS && oldest !== undefined) this.#last.delete(oldest);
    if (before === undefined && now - this.#since < STRANGERS_MS) return true;
    return n === (before ?? 0) + 1;
  }
}
