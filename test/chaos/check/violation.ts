/** The kinds of promises that a run may show broken, and what each means. */
export const PROMISES = {
  lost: 'a job was accepted and is not there',
  stuck: 'a job never ended',
  'accepted twice': 'one wish became two jobs',
  'ended twice': 'a job has two ends and no replay between them',
  'ended wrongly': 'a job failed or was cancelled without any reason that its client gave',
  'effect doubled': 'a passage is stored twice',
  'effect missing': 'a document is called searchable and passages or vectors of it are missing',
  'events stored': 'the stored events of a job are not numbered 1, 2, 3 …',
  'event gap': 'a client missed an event',
  'event doubled': 'a client saw an event twice',
  'event out of order': 'a client saw an event after a later one',
  'event differs': 'a client saw another event than the stored one of that number',
  'shown before stored': 'a client saw an event that was not stored yet',
  'text differs': 'the pieces of an answer do not add up to its result',
  'dead letter': 'there is a dead letter that should not be, or its job has not ended',
  leftover: 'all jobs have ended, and a queue still holds messages',
  crash: 'a process ended that nobody had ended',
  'not recovered': 'no question was answered for long after a disturbance was over',
} as const;

export type Promised = keyof typeof PROMISES;

/** One promise broken once. */
export interface Violation {
  readonly promise: Promised;
  /** The job, wish, document or queue. */
  readonly subject: string;
  readonly what: string;
}
