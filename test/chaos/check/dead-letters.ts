import type { History } from '../history.ts';
import type { Violation } from './violation.ts';

/** Every dead letter belongs to a job that was doomed and has failed, or ended before its letter was replayed. */
export function checkDeadLetters({ deadLetters, jobs, excuses }: History): Violation[] {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  return deadLetters.flatMap(({ id, job: owner, code }): Violation[] => {
    const job = owner === undefined ? undefined : byId.get(owner);
    if (job === undefined) return [{ promise: 'dead letter', subject: id, what: `${code} of an unknown job ${owner}` }];
    const doomed = job.tags.some((tag) => excuses.get(tag)?.includes('doomed'));
    if (doomed && code === 'provider_error') return [];
    return [{ promise: 'dead letter', subject: id, what: `${code} of ${job.id}, which is ${job.status}` }];
  });
}
