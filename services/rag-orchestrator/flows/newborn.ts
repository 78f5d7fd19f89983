import type { Job } from '../../../shared/messages/job.ts';
import type { JobSubmitted } from '../../../shared/messages/submission.ts';

/** A job as it was accepted, before anything follows from it. */
export const newborn = (id: string, body: JobSubmitted['body']): Job => ({
  ...(body as Pick<Job, keyof JobSubmitted['body']>),
  id,
  status: 'queued',
  progress: { done: 0, total: 0 },
  attempt: 1,
  last_seq: 0,
  state: {},
});
