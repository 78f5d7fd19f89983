import type { Job, JobStatus, JobType } from '../messages/job.ts';
import { cleanJson } from './clean.ts';
import type { Queryable, Tx } from './database.ts';
import { docOf, JOB_COLUMNS, type JobRow, toJob } from './job-row.ts';

/** The jobs among `ids` that exist, locked until the transaction ends, always in the same order. */
export async function lockJobs(tx: Tx, ids: readonly string[]): Promise<Job[]> {
  const rows = await tx.query<JobRow>(
    `select ${JOB_COLUMNS} from jobs where id = any($1::text[]) order by id for update`,
    [ids],
  );
  return rows.map(toJob);
}

/**
 * Writes jobs as they are now. Owner, type, input and times of submission are written once; a result stays when the
 * job has none now. For jobs in `known` (rows that this transaction locked) the input is not even sent.
 */
export async function saveJobs(tx: Tx, jobs: readonly Job[], known: ReadonlySet<string> = new Set()): Promise<void> {
  if (jobs.length === 0) return;
  const column = <T>(of: (job: Job) => T) => jobs.map(of);
  await tx.query(
    `insert into jobs (${JOB_COLUMNS})
     select id, owner, type, status, priority, waiting, collection,
       array(select json_array_elements_text(tags::json)), created_at, run_at, deadline_at, finished_at, last_seq,
       coalesce(input, '{}')::json, result::json, doc::json
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::text[], $8::text[], $9::timestamptz[],
       $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::int[], $14::text[], $15::text[], $16::text[])
       as given (${JOB_COLUMNS})
     on conflict (id) do update set
       status = excluded.status, priority = excluded.priority, waiting = excluded.waiting, run_at = excluded.run_at,
       deadline_at = excluded.deadline_at, finished_at = excluded.finished_at, last_seq = excluded.last_seq,
       result = coalesce(excluded.result, jobs.result), doc = excluded.doc`,
    [
      column(({ id }) => id),
      column(({ owner }) => owner),
      column(({ type }) => type),
      column(({ status }) => status),
      column(({ priority }) => priority),
      // A job that was cancelled while it waited has ended like any other.
      column(({ status, waiting }) => waiting === true && status === 'queued'),
      column(({ collection }) => collection ?? null),
      column(({ tags }) => cleanJson(tags)),
      column(({ created_at }) => created_at),
      column(({ run_at }) => run_at ?? null),
      column(({ deadline_at }) => deadline_at ?? null),
      column(({ finished_at }) => finished_at ?? null),
      column(({ last_seq }) => last_seq),
      column(({ id, input }) => (known.has(id) ? null : JSON.stringify(input))),
      column(({ result }) => (result === undefined ? null : JSON.stringify(result))),
      column((job) => JSON.stringify(docOf(job))),
    ],
  );
}

/** One job, whoever owns it. */
export async function findJob(db: Queryable, id: string): Promise<Job | undefined> {
  const rows = await db.query<JobRow>(`select ${JOB_COLUMNS} from jobs where id = $1`, [id]);
  return rows.map(toJob)[0];
}

/**
 * One document of an ingest job as it was accepted, without reading the job's others: a job may hold a thousand.
 * `document` is undefined when the job has none at this position; the answer when there is no such job.
 */
export async function findIngested(
  db: Queryable,
  job: string,
  position: number,
): Promise<{ owner: string; collection: string; document: unknown } | undefined> {
  const rows = await db.query<{ owner: string; collection: string | null; document: unknown }>(
    `select owner, collection, input -> 'documents' -> $2::int as document from jobs where id = $1`,
    [job, position],
  );
  const row = rows[0];
  return row && { ...row, collection: row.collection ?? '', document: row.document ?? undefined };
}

export interface JobFilter {
  readonly owner: string;
  readonly status?: JobStatus | undefined;
  readonly type?: JobType | undefined;
  readonly tag?: string | undefined;
  readonly collection?: string | undefined;
  readonly limit: number;
  /** Id of the last job of the page before. */
  readonly after?: string | undefined;
}

/** An owner's jobs, newest first. */
export async function listJobs(db: Queryable, filter: JobFilter): Promise<Job[]> {
  const { owner, status, type, tag, collection, limit, after } = filter;
  const rows = await db.query<JobRow>(
    `select ${JOB_COLUMNS} from jobs
     where owner = $1
       and ($2::text is null or id < $2)
       and ($3::text is null or status = $3)
       and ($4::text is null or type = $4)
       and ($5::text is null or $5 = any(tags))
       and ($6::text is null or collection = $6)
     order by id desc limit $7::int`,
    [owner, after ?? null, status ?? null, type ?? null, tag ?? null, collection ?? null, limit],
  );
  return rows.map(toJob);
}

/** Ids of scheduled jobs whose `run_at` has come, the longest due first. */
export async function dueJobs(db: Queryable, now: string, limit: number): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select id from jobs where status = 'scheduled' and run_at <= $1::timestamptz order by run_at limit $2::int`,
    [now, limit],
  );
  return rows.map(({ id }) => id);
}

/** Ids of jobs that have not ended and whose deadline has passed. */
export async function overdueJobs(db: Queryable, now: string, limit: number): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select id from jobs where finished_at is null and deadline_at <= $1::timestamptz order by deadline_at limit $2::int`,
    [now, limit],
  );
  return rows.map(({ id }) => id);
}

export interface Expiry {
  /** Age in seconds at which finished `embed` and `search` jobs go. */
  readonly resultTtlS: number;
  /** The same for all other jobs. */
  readonly jobTtlS: number;
  readonly limit: number;
}

/** Deletes the oldest finished jobs that are past their time, with everything that belongs to them. @returns how many */
export async function expireJobs(db: Queryable, { resultTtlS, jobTtlS, limit }: Expiry): Promise<number> {
  const rows = await db.query(
    `with old as (
       (select id from jobs where type in ('embed', 'search') and finished_at < now() - make_interval(secs => $1::float8)
        order by finished_at limit $3::int)
       union all
       (select id from jobs where type not in ('embed', 'search') and finished_at < now() - make_interval(secs => $2::float8)
        order by finished_at limit $3::int)
     ),
     gone as (delete from jobs using old where jobs.id = old.id and finished_at is not null returning jobs.id),
     gone_events as (delete from job_events using gone where job = gone.id),
     gone_inbox as (delete from inbox using gone where job = gone.id),
     gone_uploads as (delete from uploads using gone where job = gone.id),
     -- A request that comes again is a new job from now on, and not the old one a second time.
     gone_keys as (delete from idempotency_keys using gone where job = gone.id)
     select id from gone`,
    [resultTtlS, jobTtlS, limit],
  );
  return rows.length;
}
