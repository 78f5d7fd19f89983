import type { Job } from '../../../shared/messages/job.ts';

/** Jobs remembered at most; the oldest are forgotten first. */
const MAX_JOBS = 2_000;

/**
 * The jobs that this gateway accepted and nobody has found in the database yet. While all orchestrators are down they
 * wait in the journal, and asking for one must not be answered as if it had never been accepted.
 */
export class Newborns {
  readonly #jobs = new Map<string, Job>();

  add(job: Job): void {
    this.#jobs.set(job.id, job);
    if (this.#jobs.size <= MAX_JOBS) return;
    const [oldest] = this.#jobs.keys();
    if (oldest !== undefined) this.#jobs.delete(oldest);
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** Ids of an owner's. */
  of(owner: string): string[] {
    return [...this.#jobs.values()].flatMap((job) => (job.owner === owner ? [job.id] : []));
  }

  /** The job has had its first turn. */
  forget(id: string): void {
    this.#jobs.delete(id);
  }
}
