import type { Client } from 'pg';

/** Stored at a time. */
const BATCH = 50_000;

/** No id of a job that is submitted begins like this. */
const PREFIX = 'job_018f0000-0000-7000-8000-';

const COPIES = `
  with one as (select * from jobs where id = $1), more as (
    select n, '${PREFIX}' || lpad(to_hex(n), 12, '0') as id
    from generate_series($2::int, $3::int) as n
  ), copied as (
    insert into jobs (id, owner, type, status, priority, tags, created_at, finished_at, last_seq, input, result, doc)
    select more.id, owner, type, status, priority, tags, created_at, now(), last_seq, input, result, doc from one, more
  ), told as (
    insert into job_events (job, seq, event, at, data)
    select more.id, seq, event, at, data from job_events, more where job = $1
  )
  insert into inbox (id, job, outputs, at)
  select replace(inbox.id, $1, more.id), more.id, replace(outputs, $1, more.id), at from inbox, more where job = $1`;

/** The id of the `n`th copy. */
export const copyId = (n: number): string => `${PREFIX}${n.toString(16).padStart(12, '0')}`;

/** Stores copies of a job that has ended, with its events and all: the copies numbered `from` (inclusive) to `to` (exclusive). */
export async function storeCopies(client: Client, job: string, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += BATCH)
    await client.query(COPIES, [job, first, Math.min(first + BATCH, to) - 1]);
}

/** Removes all jobs but the copies and `job`, and leaves the tables tidy. */
export async function keepCopies(client: Client, job: string): Promise<void> {
  for (const [table, column] of [
    ['jobs', 'id'],
    ['job_events', 'job'],
    ['inbox', 'job'],
  ] as const) {
    await client.query(`delete from ${table} where ${column} <> $1 and ${column} not like '${PREFIX}%'`, [job]);
    await client.query(`vacuum analyze ${table}`);
  }
}
