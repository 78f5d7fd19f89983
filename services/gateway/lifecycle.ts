/** Whether this gateway still takes work. Long answers (streams, waits) end when it drains. */
export class Lifecycle {
  readonly #drain = new AbortController();

  get draining(): boolean {
    return this.#drain.signal.aborted;
  }

  /** Aborted when the drain begins. */
  get signal(): AbortSignal {
    return this.#drain.signal;
  }

  drain(): void {
    this.#drain.abort();
  }
}
