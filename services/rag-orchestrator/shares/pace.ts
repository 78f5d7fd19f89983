/** How far back ends are counted. */
const SPAN_MS = 2_000;
/** Buckets of that span: an end leaves the count within one of them. */
const BUCKETS = 8;
const BUCKET_MS = SPAN_MS / BUCKETS;
/** However fast they end, no more jobs than these are under way: somebody new must never wait for long. */
export const MAX_SHARE = 10_000;

interface Bucket {
  readonly since: number;
  ends: number;
}

/**
 * How many jobs of a backlog may be under way: what it gets done in two seconds, and never less than the minimum. Quick
 * jobs need many under way to keep workers busy; of slow ones a few do, and whoever comes next has few before it.
 */
export class Pace {
  readonly #minimum: number;
  readonly #buckets = new Map<string, Bucket[]>();

  constructor(minimum: number) {
    this.#minimum = minimum;
  }

  ended(backlog: string, jobs: number, now = Date.now()): void {
    const recent = this.#recent(backlog, now);
    const last = recent.at(-1);
    if (last !== undefined && now - last.since < BUCKET_MS) last.ends += jobs;
    else recent.push({ since: now, ends: jobs });
    this.#buckets.set(backlog, recent);
  }

  share(backlog: string, now = Date.now()): number {
    const ends = this.#recent(backlog, now).reduce((sum, bucket) => sum + bucket.ends, 0);
    return Math.min(MAX_SHARE, Math.max(this.#minimum, ends));
  }

  /** Drops what has not ended a job for a while. */
  forgetIdle(now = Date.now()): void {
    for (const backlog of this.#buckets.keys())
      if (this.#recent(backlog, now).length === 0) this.#buckets.delete(backlog);
  }

  #recent(backlog: string, now: number): Bucket[] {
    return (this.#buckets.get(backlog) ?? []).filter(({ since }) => now - since < SPAN_MS);
  }
}
