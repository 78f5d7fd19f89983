import { z } from 'zod';
import { AskResult } from '../../../shared/messages/answering.ts';
import { CLIENT_EVENTS, type ClientEventName } from '../../../shared/messages/client-event.ts';
import { CollectionName } from '../../../shared/messages/inputs.ts';
import { JobError, JobStatus, JobType, Priority, Progress, Usage } from '../../../shared/messages/job.ts';
import { AT, CITATION, JOB, QUEUED_JOB } from './examples.ts';
import { limitOf, named, pageOf, Time } from './named.ts';

named('AskResult', AskResult, {
  description: 'The `result` of an `ask`.',
  examples: [
    {
      answer: 'You have 30 days a year [1].',
      citations: [CITATION],
      model: 'llama3.2',
      provider: 'ollama',
      degraded: false,
    },
  ],
});
named('JobError', JobError);
named('Usage', Usage);

const Fields = z.record(z.string(), z.unknown());

/** A job as clients see it. */
export const JobView = named(
  'Job',
  z.object({
    id: z.string(),
    object: z.literal('job'),
    type: JobType,
    status: JobStatus,
    priority: Priority,
    collection: z.string().optional(),
    stage: z.string().optional().describe('The step under way, e.g. `texts.embed`.'),
    progress: Progress,
    attempt: z.int(),
    max_attempts: z.int(),
    next_retry_at: Time.optional(),
    input: Fields,
    result: Fields.optional().describe(
      'Its shape depends on the type (`AskResult` for `ask`); present once the job succeeded.',
    ),
    error: JobError.optional(),
    usage: Usage.optional(),
    tags: z.array(z.string()),
    metadata: Fields,
    run_at: Time.optional(),
    deadline_at: Time.optional(),
    created_at: Time,
    started_at: Time.optional(),
    finished_at: Time.optional(),
    last_seq: z.int().describe('Number of the newest event; 0 before the first.'),
    links: z.object({ self: z.string(), events: z.string(), cancel: z.string() }),
  }),
  { examples: [QUEUED_JOB] },
);
export type JobView = z.infer<typeof JobView>;

export const JobPage = named('JobPage', pageOf(JobView));

const EVENT_NAMES = Object.keys(CLIENT_EVENTS) as [ClientEventName, ...ClientEventName[]];

/** An event of a job; every event is stored before it is shown anywhere. */
export const EventView = named(
  'Event',
  z.object({ job: z.string(), seq: z.int().min(1), event: z.enum(EVENT_NAMES), at: Time, data: Fields }),
  { examples: [{ job: JOB, seq: 3, event: 'sources.found', at: AT, data: { citations: [CITATION] } }] },
);

export const EventPage = named('EventPage', pageOf(EventView));

export const JobPath = z.strictObject({ id: z.string() });

const Seconds = z.coerce.number().int().min(0).max(60);

export const JobQuery = z.strictObject({
  wait: Seconds.optional().describe('Wait up to so many seconds for the job to end.'),
});

export const JobListQuery = z.strictObject({
  status: JobStatus.optional(),
  type: JobType.optional(),
  tag: z.string().min(1).max(200).optional(),
  collection: CollectionName.optional(),
  limit: limitOf(20, 100),
  after: z.string().max(200).optional().describe('`next_cursor` of the page before.'),
});

const MAX_SEQ = 2 ** 31 - 1;

export const EventQuery = z.strictObject({
  after: z.coerce.number().int().min(0).max(MAX_SEQ).optional().describe('Number of the last event seen.'),
  limit: limitOf(200, 1000),
});

export const CancelBody = named('Cancel', z.strictObject({ reason: z.string().max(1000).optional() }), {
  examples: [{ reason: 'no longer needed' }],
});
