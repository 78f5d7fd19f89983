/** A record that is safe in its journal will be heard. Only in case it was lost all the same it is said again after this. */
const REMEMBERED_MS = 60_000;
const MOST = 100_000;

/**
 * What was said to the journals and perhaps not yet heard. While a journal lags, the database looks as if nobody had said
 * anything: saying all of it again each second would make the journal lag more.
 */
export class Said {
  /** When, by id; the oldest first. */
  readonly #at = new Map<string, number>();

  has(id: string, now = Date.now()): boolean {
    const at = this.#at.get(id);
    return at !== undefined && now - at < REMEMBERED_MS;
  }

  add(ids: readonly string[], now = Date.now()): void {
    for (const id of ids) {
      this.#at.delete(id);
      this.#at.set(id, now);
    }
    for (const [id, at] of this.#at) {
      if (this.#at.size <= MOST && now - at < REMEMBERED_MS) break;
      this.#at.delete(id);
    }
  }

  /** They were heard, or never said. */
  forget(ids: readonly string[]): void {
    for (const id of ids) this.#at.delete(id);
  }
}
