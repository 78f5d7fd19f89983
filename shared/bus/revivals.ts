import type { DeadLetter } from './dead-letter.ts';

/** A job's turn may take a while to show; after so many others it certainly has. */
const MOST_JOBS = 10_000;

interface Revival {
  readonly letter: string;
  /** The life of the job that ended with the letter. */
  readonly replay: number;
}

/**
 * Which jobs were brought back, and from which life. One letter does that for the whole job, so the other letters of that
 * life have nothing left to do; that it is running again shows in its row only after its next turn.
 */
export class Revivals {
  readonly #byJob: Map<string, Revival>;

  constructor(before?: Revivals) {
    this.#byJob = new Map(before === undefined ? [] : before.#byJob);
  }

  note({ id, job, replay_count: replay }: DeadLetter): void {
    if (job === undefined) return;
    this.#byJob.delete(job);
    this.#byJob.set(job, { letter: id, replay });
    const [oldest] = this.#byJob.keys();
    if (this.#byJob.size > MOST_JOBS && oldest !== undefined) this.#byJob.delete(oldest);
  }

  /** Another letter has brought the job back from that life, or a later one. The same letter says the same again. */
  cover({ id, job, replay_count: replay }: DeadLetter): boolean {
    const revival = job === undefined ? undefined : this.#byJob.get(job);
    return revival !== undefined && revival.letter !== id && replay <= revival.replay;
  }
}
