/** Those who wait, in the order of their coming. */
type Line = (() => void)[];

/**
 * Lets in so many at a time; the others wait, first come, first served, as long as they are wanted. Who is urgent goes
 * before who is not; while both wait, they take turns.
 */
export class Turns {
  #free: number;
  readonly #urgent: Line = [];
  readonly #others: Line = [];
  #lastUrgent = false;

  constructor(count: number) {
    this.#free = count;
  }

  /** @throws the signal's reason when it is aborted before there is a turn, else what `work` throws */
  async take<T>(work: () => Promise<T>, signal: AbortSignal, urgent = false): Promise<T> {
    const leave = await this.enter(signal, urgent);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /**
   * Waits for a turn.
   * @returns what ends it, to be called once
   * @throws the signal's reason when it is aborted before
   */
  async enter(signal: AbortSignal, urgent = false): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await wait(urgent ? this.#urgent : this.#others, signal);
    return () => {
      // Handed over rather than freed, so that nobody comes in between.
      const next = this.#next();
      if (next === undefined) this.#free++;
      else next();
    };
  }

  #next(): (() => void) | undefined {
    const urgent = this.#urgent.length > 0 && !(this.#lastUrgent && this.#others.length > 0);
    this.#lastUrgent = urgent;
    return (urgent ? this.#urgent : this.#others).shift();
  }
}

function wait(line: Line, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const enter = () => {
      signal.removeEventListener('abort', leave);
      resolve();
    };
    const leave = () => {
      line.splice(line.indexOf(enter), 1);
      reject(signal.reason);
    };
    line.push(enter);
    signal.addEventListener('abort', leave, { once: true });
  });
}
