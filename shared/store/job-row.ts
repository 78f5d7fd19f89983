import type { Job } from '../messages/job.ts';

/** A row of `jobs`: what is searched or written once has a column, the rest of the job lies in `doc`. */
export interface JobRow {
  id: string;
  owner: string;
  type: Job['type'];
  status: Job['status'];
  priority: Job['priority'];
  waiting: boolean;
  collection: string | null;
  tags: string[];
  created_at: string;
  run_at: string | null;
  deadline_at: string | null;
  finished_at: string | null;
  last_seq: number;
  input: Job['input'];
  result: Job['result'] | null;
  doc: JobDoc;
}

type JobDoc = Omit<Job, Exclude<keyof JobRow, 'doc'>>;

export const JOB_COLUMNS =
  'id, owner, type, status, priority, waiting, collection, tags, created_at, run_at, deadline_at, finished_at, last_seq, input, result, doc';

/** Optional fields of a job that have a column. */
const OPTIONAL = ['collection', 'run_at', 'deadline_at', 'finished_at', 'result'] as const;

export function toJob({ doc, ...row }: JobRow): Job {
  const present = Object.fromEntries(OPTIONAL.flatMap((name) => (row[name] === null ? [] : [[name, row[name]]])));
  const { id, owner, type, status, priority, waiting, tags, created_at, last_seq, input } = row;
  const common = { id, owner, type, status, priority, tags, created_at, last_seq, input };
  return { ...common, ...(waiting ? { waiting } : {}), ...doc, ...present };
}

/** What of a job goes into `doc`. */
export function docOf(job: Job): JobDoc {
  const {
    id,
    owner,
    type,
    status,
    priority,
    waiting,
    collection,
    tags,
    created_at,
    run_at,
    deadline_at,
    finished_at,
    last_seq,
    ...rest
  } = job;
  const { input, result, ...doc } = rest;
  return doc;
}
