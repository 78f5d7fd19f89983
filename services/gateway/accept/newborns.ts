import type { Job } from '../../../shared/messages/job.ts';

/** Jobs remembered whole; of more, the oldest are known by their ids alone. */
const MAX_JOBS = 2_000;
/** Ids remembered; the oldest are forgotten first. Journals are refused as too long before so many wait in them. */
const MAX_IDS = 200_000;

/**
 * The jobs that this gateway accepted and nobody has found in the database yet. While all orchestrators are down they
 * wait in the journal: asking for one must not be answered as if it had never been accepted, and they count for their key.
 */
export class Newborns {
  readonly #jobs = new Map<string, Job>();
  readonly #owners = new Map<string, string>();

  add(job: Job): void {
    this.#jobs.set(job.id, job);
    this.#owners.set(job.id, job.owner);
    if (this.#jobs.size > MAX_JOBS) deleteOldest(this.#jobs);
    if (this.#owners.size > MAX_IDS) deleteOldest(this.#owners);
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** Ids of an owner's, the oldest first, no more than `most`. */
  of(owner: string, most: number): string[] {
    const ids: string[] = [];
    for (const [id, whose] of this.#owners) {
      if (ids.length >= most) break;
      if (whose === owner) ids.push(id);
    }
    return ids;
  }

  /** The job has had its first turn. */
  forget(id: string): void {
    this.#jobs.delete(id);
    this.#owners.delete(id);
  }
}

function deleteOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
