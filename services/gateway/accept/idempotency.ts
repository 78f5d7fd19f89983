import { newId } from '../../../shared/ids.ts';
import type { Job } from '../../../shared/messages/job.ts';
import { claimKey, releaseKey } from '../../../shared/store/idempotency.ts';
import { findJob } from '../../../shared/store/jobs.ts';
import type { Gateway } from '../gateway.ts';
import { Problem } from '../problem.ts';
import type { Draft } from './draft.ts';

const KEY = /^[\x21-\x7e]{1,255}$/;

export interface Claim {
  /** The job that this key stands for. */
  readonly job: string;
  readonly repeated: boolean;
  /** That job, when its first turn has been. Without it, its submission may never have left: it is sent (again). */
  readonly known?: Job;
}

/** The header's value; undefined when there is none. @throws {Problem} idempotency_key_invalid */
export function keyOf(header: string): string | undefined {
  if (header === '') return undefined;
  if (!KEY.test(header)) {
    throw new Problem('idempotency_key_invalid', 'give 1 to 255 printable ASCII characters without spaces');
  }
  return header;
}

/** Makes the key stand for a new job, unless it stands for one already. @throws {Problem} idempotency_key_reused */
export async function claim({ reads }: Gateway, draft: Draft, key: string): Promise<Claim> {
  const body_hash = draft.fingerprint();
  const held = await claimKey(reads, { owner: draft.owner, key, body_hash, job: newId('job') });
  if (held.body_hash !== body_hash) {
    throw new Problem('idempotency_key_reused', 'this Idempotency-Key was used for a request with another body');
  }
  const known = held.fresh ? undefined : await findJob(reads, held.job);
  return { job: held.job, repeated: !held.fresh, ...(known === undefined ? {} : { known }) };
}

/** Gives back a fresh claim whose job turned out to be refused: the next try may be another request. */
export async function release({ reads }: Gateway, draft: Draft, key: string, { job, repeated }: Claim): Promise<void> {
  if (!repeated) await releaseKey(reads, { owner: draft.owner, key, job });
}
