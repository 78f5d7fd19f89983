import { z } from 'zod';
import { JobType, Priority } from './job.ts';
import { message, type Of } from './message.ts';

const Time = z.iso.datetime();

/** Event: the gateway accepted a job. The job's row is born in the turn that reads this. */
export const JobSubmitted = message(
  'job.submitted',
  z.object({
    type: JobType,
    owner: z.string(),
    priority: Priority,
    collection: z.string().optional(),
    input: z.record(z.string(), z.unknown()),
    max_attempts: z.int().optional(),
    run_at: Time.optional(),
    deadline_at: Time.optional(),
    tags: z.array(z.string()),
    metadata: z.record(z.string(), z.unknown()),
    created_at: Time,
  }),
);
export type JobSubmitted = Of<typeof JobSubmitted>;

/** Event: somebody wants the job stopped. */
export const JobCancel = message('job.cancel', z.object({ reason: z.string().optional() }));
export type JobCancel = Of<typeof JobCancel>;

/** Event: the `run_at` of a scheduled job has come. */
export const JobDue = message('job.due', z.object({}));
export type JobDue = Of<typeof JobDue>;

/** Event: a job that waited because its key had its share under way may begin. */
export const JobAdmitted = message('job.admitted', z.object({}));
export type JobAdmitted = Of<typeof JobAdmitted>;

/** Event: the deadline of a job that has not ended has passed. */
export const JobOverdue = message('job.overdue', z.object({}));
export type JobOverdue = Of<typeof JobOverdue>;
