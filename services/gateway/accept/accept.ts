import { bornAt, newId } from '../../../shared/ids.ts';
import type { Job } from '../../../shared/messages/job.ts';
import { JobSubmitted } from '../../../shared/messages/submission.ts';
import { metrics } from '../../../shared/metrics/metrics.ts';
import { append, refuseWhenUnfit } from '../append.ts';
import type { Gateway } from '../gateway.ts';
import { Problem } from '../problem.ts';
import type { Draft } from './draft.ts';
import { claim, release } from './idempotency.ts';

export interface Accepted {
  readonly job: Job;
  /** The job was accepted before, under the same Idempotency-Key. */
  readonly replayed: boolean;
}

interface Options {
  readonly idempotencyKey?: string;
  /** Called with the job's id before anything can happen to the job. */
  readonly follow?: (job: string) => void;
}

/**
 * Takes a job on: from here on it will end, whatever dies. Costs one confirmed message and no database, unless there is
 * an Idempotency-Key or more text than a message should carry.
 * @throws {Problem} draining, broker_unavailable, overloaded, rate_limited, store_unavailable, idempotency_key_reused, payload_too_large
 */
export async function accept(
  gateway: Gateway,
  draft: Draft,
  { idempotencyKey, follow }: Options = {},
): Promise<Accepted> {
  refuseWhenUnfit(gateway);
  gateway.congestion.refuse(draft);
  await gateway.quotas.takeTurn(draft.owner);
  const claimed = idempotencyKey === undefined ? undefined : await claim(gateway, draft, idempotencyKey);
  const id = claimed?.job ?? newId('job');
  follow?.(id);
  if (claimed?.known !== undefined) return { job: claimed.known, replayed: true };
  let placed = () => {};
  try {
    // One that was let in and not born yet has its room.
    if (gateway.newborns.get(id) === undefined) placed = await gateway.quotas.takeRoom(draft.owner);
    const job = jobOf(draft, id, await draft.input(gateway, id));
    await append(gateway, { id: `${id}/job.submitted`, job: id, at: bornAt(id), event: submissionOf(job) });
    gateway.newborns.add(job);
    metrics.accepted.inc({ type: job.type });
    return { job, replayed: claimed?.repeated ?? false };
  } catch (error) {
    if (claimed !== undefined && idempotencyKey !== undefined && isFinal(error)) {
      await release(gateway, draft, idempotencyKey, claimed).catch(() => undefined); // it is forgotten by age as well
    }
    throw error;
  } finally {
    placed();
  }
}

/**
 * The job will never be, however often it is sent. After any other failure it may be on its way: so it may after one of
 * too many, since another request under the same key may have been let in meanwhile.
 */
const isFinal = (error: unknown): boolean =>
  error instanceof Problem && error.status < 500 && error.code !== 'rate_limited';

/** The job as its first turn will find it. Its time is its id's, so that a repeated acceptance is the same job. */
function jobOf(draft: Draft, id: string, input: Job['input']): Job {
  const { input: _, fingerprint: __, deadline_ms, run_at, ...wish } = draft;
  const born = bornAt(id);
  const due = Math.max(born, run_at === undefined ? born : Date.parse(run_at));
  return {
    ...wish,
    id,
    status: due > Date.now() ? 'scheduled' : 'queued',
    progress: { done: 0, total: 0 },
    attempt: 1,
    input,
    // A time that had passed is no time to wait for, and may be one that no database knows.
    ...(due > born ? { run_at } : {}),
    ...(deadline_ms === undefined ? {} : { deadline_at: new Date(due + deadline_ms).toISOString() }),
    created_at: new Date(born).toISOString(),
    last_seq: 0,
    state: {},
  };
}

function submissionOf(job: Job) {
  const { type, owner, priority, collection, input, max_attempts, run_at, deadline_at, tags, metadata, created_at } =
    job;
  return JobSubmitted({
    type,
    owner,
    priority,
    collection,
    input,
    max_attempts,
    run_at,
    deadline_at,
    tags: [...tags],
    metadata,
    created_at,
  });
}
