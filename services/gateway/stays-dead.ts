import { type DeadLetter, REPLAYED_SINCE } from '../../shared/bus/bus.ts';
import { findJobLife } from '../../shared/store/job-lives.ts';
import type { Gateway } from './gateway.ts';

/**
 * Why replaying a letter would do nothing for its job, but use the letter up: only a job that is failed can run
 * again, and only by a letter of its last life.
 * @throws {StoreUnavailableError}
 */
export async function whyStaysDead(
  { reads }: Pick<Gateway, 'reads'>,
  { job, replay_count }: DeadLetter,
): Promise<string | undefined> {
  if (job === undefined) return undefined;
  const life = await findJobLife(reads, job);
  if (life === undefined) return 'its job is gone';
  if (replay_count < life.replay) return REPLAYED_SINCE;
  return life.status === 'failed' ? undefined : `its job is ${life.status}, not failed`;
}
