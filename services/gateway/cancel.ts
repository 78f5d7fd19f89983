import { randomUUID } from 'node:crypto';
import { isTerminal, type Job, replaysOf } from '../../shared/messages/job.ts';
import { JobCancel } from '../../shared/messages/submission.ts';
import { append } from './append.ts';
import { findOwned } from './find-job.ts';
import type { Gateway } from './gateway.ts';
import { Problem } from './problem.ts';

interface Wish {
  readonly reason?: string | undefined;
  readonly gone: AbortSignal;
}

/**
 * Writes down that the owner wants the job stopped, and returns the job as it was. Every wish has an id of its own: a job
 * that was replayed may be cancelled again. Once it is written down workers are told at once: a turn under way would
 * keep a model busy until it ends. (Told before, they would drop the work of a job that nobody ends.)
 * @throws {Problem} job_not_found, job_terminal and those of `append`
 */
export async function cancel(gateway: Gateway, owner: string, id: string, { reason, gone }: Wish): Promise<Job> {
  const job = await findOwned(gateway, owner, id, gone);
  if (isTerminal(job.status)) throw new Problem('job_terminal', `the job has ended: ${job.status}`);
  await append(gateway, {
    id: `${id}/job.cancel/${randomUUID()}`,
    job: id,
    at: Date.now(),
    event: JobCancel({ reason }),
  });
  gateway.bus.cancelJob(id, replaysOf(job)).catch((error: Error) => {
    gateway.log.warn({ job: id, why: error.message }, 'workers hear of a cancel from its turn only');
  });
  return job;
}
