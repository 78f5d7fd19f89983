import type { DeadLetter } from '../../shared/bus/bus.ts';
import { findJobLife } from '../../shared/store/job-lives.ts';
import type { Gateway } from './gateway.ts';

/**
 * Why replaying a letter would do nothing for its job, but use the letter up: only a job that is failed can run again.
 * @throws {StoreUnavailableError}
 */
export async function whyStaysDead(
  { reads }: Pick<Gateway, 'reads'>,
  { job }: DeadLetter,
): Promise<string | undefined> {
  if (job === undefined) return undefined;
  const life = await findJobLife(reads, job);
  if (life === undefined) return 'its job is gone';
  return life.status === 'failed' ? undefined : `its job is ${life.status}, not failed`;
}
