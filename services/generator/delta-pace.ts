/** At most thirty deltas a second: more than a reader sees, and each is a row in the database. */
const LEAST_INTERVAL_MS = 34;
/** Deltas a second of all texts that one process writes. With more texts than it has room for, each is told in larger ones. */
const MOST_PER_SECOND = 1_000;

/** How often the texts that are written at the same time may be told. */
export class DeltaPace {
  #texts = 0;

  /** @returns takes the text out again; idempotent */
  enter(): () => void {
    this.#texts += 1;
    let within = true;
    return () => {
      if (within) this.#texts -= 1;
      within = false;
    };
  }

  /** Between two deltas of a text. */
  get intervalMs(): number {
    return Math.max(LEAST_INTERVAL_MS, (this.#texts * 1000) / MOST_PER_SECOND);
  }
}
