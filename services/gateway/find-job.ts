import { bornAt, isId } from '../../shared/ids.ts';
import type { Job } from '../../shared/messages/job.ts';
import { StoreUnavailableError } from '../../shared/store/errors.ts';
import { findJob } from '../../shared/store/jobs.ts';
import type { Gateway } from './gateway.ts';
import { Watch } from './live/watch.ts';
import { Problem } from './problem.ts';

/** A job younger than this may have been accepted and not had its first turn yet. */
const YOUNG_MS = 10_000;
/** Clocks of replicas differ a little. */
const CLOCK_SKEW_MS = 2_000;
const LOOK_MS = 150;

const notFound = (id: string) => new Problem('job_not_found', `there is no job "${id.slice(0, 100)}"`);

/**
 * A job of this owner. One that was accepted a moment ago is waited for; jobs of others are as good as none.
 * @throws {Problem} job_not_found; {StoreUnavailableError}
 */
export async function findOwned(gateway: Gateway, owner: string, id: string, gone: AbortSignal): Promise<Job> {
  if (!isId('job', id)) throw notFound(id);
  const born = (await findJob(gateway.reads, id)) ?? (isYoung(id) ? await awaitBirth(gateway, id, gone) : undefined);
  if (born !== undefined) gateway.newborns.forget(id);
  const job = born ?? gateway.newborns.get(id);
  if (job === undefined && isYoung(id) && gateway.lifecycle.draining) {
    throw new Problem('draining', 'this gateway is shutting down and cannot wait for the job, ask again');
  }
  if (job === undefined || job.owner !== owner) throw notFound(id);
  return job;
}

function isYoung(id: string): boolean {
  const age = Date.now() - bornAt(id);
  return age < YOUNG_MS && age > -CLOCK_SKEW_MS;
}

async function awaitBirth(
  { hub, reads, limits, lifecycle }: Gateway,
  id: string,
  gone: AbortSignal,
): Promise<Job | undefined> {
  const watch = new Watch(hub, id, 'birth');
  try {
    const patience = { timeoutMs: limits.birthMs, rereadMs: LOOK_MS, signals: [gone, lifecycle.signal] };
    return await watch.job(() => findJob(reads, id), patience);
  } finally {
    watch.close();
  }
}

/**
 * The job once it has ended, or as it is when `timeoutMs` are over. An outage of the database meanwhile is waited out.
 * `watch` must have been following the job since before it could end.
 */
export async function awaitEnd(
  { reads, limits, lifecycle }: Gateway,
  watch: Watch,
  job: Job,
  timeoutMs: number,
  gone: AbortSignal,
): Promise<Job> {
  const read = () => findJob(reads, job.id).catch(unlessUnavailable);
  const patience = { timeoutMs, rereadMs: limits.rereadMs, signals: [gone, lifecycle.signal] };
  return (await watch.job(read, patience)) ?? job;
}

function unlessUnavailable(error: unknown): undefined {
  if (!(error instanceof StoreUnavailableError)) throw error;
}
