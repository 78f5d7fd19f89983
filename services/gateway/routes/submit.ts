import { isTerminal } from '../../../shared/messages/job.ts';
import { type Accepted, accept } from '../accept/accept.ts';
import type { Draft } from '../accept/draft.ts';
import { keyOf } from '../accept/idempotency.ts';
import { JobView } from '../api/job.ts';
import type { Context } from '../context.ts';
import type { Answer } from '../endpoint.ts';
import { awaitEnd } from '../find-job.ts';
import type { Gateway } from '../gateway.ts';
import { goneSignal } from '../gone.ts';
import { jobView } from '../job-view.ts';
import { Watch } from '../live/watch.ts';
import { waitOf } from '../prefer.ts';
import type { ProblemCode } from '../problem.ts';

const SECOND_MS = 1000;

/** What every endpoint that submits a job has in common, for the API document. */
export const SUBMIT_HEADERS = {
  'Idempotency-Key': 'The same key with the same body is the same job, however often it is sent.',
  Prefer: '`wait=N`: wait up to N (60 at most) seconds for the end of the job.',
};
export const SUBMIT_ANSWERS: Readonly<Record<number, Answer>> = {
  202: {
    description: 'The job is accepted and will end.',
    schema: JobView,
    headers: ['Location', 'Idempotent-Replayed'],
  },
  200: {
    description: 'With `Prefer: wait`: the job has ended.',
    schema: JobView,
    headers: ['Location', 'Preference-Applied'],
  },
};
export const SUBMIT_PROBLEMS: readonly ProblemCode[] = [
  'idempotency_key_invalid',
  'idempotency_key_reused',
  'broker_unavailable',
  'rate_limited',
  'overloaded',
  'draining',
  'store_unavailable',
];

/** Accepts a job and answers 202, or 200 when the client prefers to wait and the job ends in time. */
export async function submit(gateway: Gateway, ctx: Context, draft: Draft): Promise<void> {
  const seconds = waitOf(ctx.get('Prefer'));
  const { job, replayed } = await acceptAndWait(gateway, ctx, draft, seconds);
  ctx.status = seconds > 0 && isTerminal(job.status) ? 200 : 202;
  ctx.set('Location', `/v1/jobs/${job.id}`);
  if (replayed) ctx.set('Idempotent-Replayed', 'true');
  if (seconds > 0) ctx.set('Preference-Applied', `wait=${seconds}`);
  ctx.body = jobView(job);
}

async function acceptAndWait(gateway: Gateway, ctx: Context, draft: Draft, seconds: number): Promise<Accepted> {
  const key = keyOf(ctx.get('Idempotency-Key'));
  const options = key === undefined ? {} : { idempotencyKey: key };
  if (seconds === 0) return await accept(gateway, draft, options);
  let watch: Watch | undefined;
  const follow = (id: string) => {
    watch = new Watch(gateway.hub, id, 'end');
  };
  try {
    const accepted = await accept(gateway, draft, { ...options, follow });
    if (watch === undefined) return accepted;
    const job = await awaitEnd(gateway, watch, accepted.job, seconds * SECOND_MS, goneSignal(ctx.res));
    return { ...accepted, job };
  } finally {
    watch?.close();
  }
}
