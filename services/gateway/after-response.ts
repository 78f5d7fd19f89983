import type { Logger } from 'pino';

type Work = () => unknown;

const CAPACITY = 10_000;
const AT_ONCE = 8;

/**
 * Small in-process work that must not hold up an answer: a log line, a clean-up. It is tracked, bounded and drained
 * at shutdown. Whatever must survive a crash is a job, not this.
 */
export class AfterResponse {
  readonly #log: Logger;
  readonly #waiting: Work[] = [];
  readonly #running = new Set<Promise<void>>();
  #dropped = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Runs `work` soon. False when too much waits already: the work is dropped and counted. */
  add(work: Work): boolean {
    if (this.#waiting.length >= CAPACITY) {
      this.#dropped += 1;
      return false;
    }
    this.#waiting.push(work);
    this.#fill();
    return true;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Resolves when everything has run, or with the number of works left when `timeoutMs` is over. */
  async drain(timeoutMs: number): Promise<number> {
    const end = Date.now() + timeoutMs;
    while (this.#running.size > 0 && Date.now() < end) await this.#oneEnds(end - Date.now());
    return this.#waiting.length + this.#running.size;
  }

  async #oneEnds(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    try {
      await Promise.race([...this.#running, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  #fill(): void {
    while (this.#running.size < AT_ONCE) {
      const work = this.#waiting.shift();
      if (work === undefined) return;
      const run = this.#run(work).finally(() => {
        this.#running.delete(run);
        this.#fill();
      });
      this.#running.add(run);
    }
  }

  async #run(work: Work): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    try {
      await work();
    } catch (error) {
      this.#log.warn({ err: error }, 'work after a response failed');
    }
  }
}
