import type { Job } from '../messages/job.ts';
import type { Queryable, Tx } from './database.ts';

/** Jobs of one key that go to the same lanes: they share what one key may have under way at once. */
export type Backlog = Pick<Job, 'owner' | 'type' | 'priority'>;

/** How much of a backlog is under way (counted up to its share), and whether any of it waits. */
export interface Load extends Backlog {
  readonly under_way: number;
  readonly waiting: boolean;
}

const UNDER_WAY = `status in ('queued', 'running') and not waiting`;

const columns = (backlogs: readonly Backlog[]) => [
  backlogs.map(({ owner }) => owner),
  backlogs.map(({ type }) => type),
  backlogs.map(({ priority }) => priority),
];

/** The load of these backlogs, and of those in which these jobs are. Counts no further than `most`. */
export const loadOf = (
  tx: Tx,
  { backlogs, jobs, most }: { backlogs: readonly Backlog[]; jobs: readonly string[]; most: number },
): Promise<Load[]> =>
  tx.query<Load>(
    `select q.owner, q.type, q.priority,
       (select count(*)::int from (
         select from jobs j where (j.owner, j.type, j.priority) = (q.owner, q.type, q.priority) and ${UNDER_WAY} limit $5::int
       ) counted) as under_way,
       exists (select from jobs j where (j.owner, j.type, j.priority) = (q.owner, q.type, q.priority) and waiting) as waiting
     from (
       select * from unnest($1::text[], $2::text[], $3::text[]) as given (owner, type, priority)
       union
       select owner, type, priority from jobs where id = any($4::text[])
     ) q`,
    [...columns(backlogs), jobs, most],
  );

/** What waits in a backlog and has room now, the longest waiting first; empty while there is none. */
export interface Admissible extends Backlog {
  readonly jobs: readonly string[];
}

/** Jobs of one backlog that are let in at once. */
const MAX_ADMITTED = 1_000;

/** The jobs that may begin now, for backlogs with their shares. A backlog in which nothing waits is left out. */
export const admissible = (
  db: Queryable,
  backlogs: readonly (Backlog & { readonly share: number })[],
): Promise<Admissible[]> =>
  db.query<Admissible>(
    `select q.owner, q.type, q.priority, array(
         select id from jobs j where (j.owner, j.type, j.priority) = (q.owner, q.type, q.priority) and waiting
         order by id limit least(greatest(q.share - under_way, 0), ${MAX_ADMITTED})
       ) as jobs
     from unnest($1::text[], $2::text[], $3::text[], $4::int[]) as q (owner, type, priority, share),
       lateral (select count(*)::int as under_way from (
         select from jobs j where (j.owner, j.type, j.priority) = (q.owner, q.type, q.priority) and ${UNDER_WAY} limit q.share
       ) counted) l
     where exists (
       select from jobs j where (j.owner, j.type, j.priority) = (q.owner, q.type, q.priority) and waiting
     )`,
    [...columns(backlogs), backlogs.map(({ share }) => share)],
  );

/** Every backlog in which jobs wait. */
export const waitingBacklogs = (db: Queryable, limit: number): Promise<Backlog[]> =>
  db.query<Backlog>(
    `with recursive found as (
       (select owner, type, priority from jobs where waiting order by owner, type, priority limit 1)
       union all
       select next.owner, next.type, next.priority from found, lateral (
         select owner, type, priority from jobs
         where waiting and (owner, type, priority) > (found.owner, found.type, found.priority)
         order by owner, type, priority limit 1
       ) next
     )
     select owner, type, priority from found limit $1::int`,
    [limit],
  );

/** Jobs of one owner that have not ended (`in_flight`), and those of them that have not begun (`queued`). */
export interface OpenJobs {
  readonly in_flight: number;
  readonly queued: number;
}

/**
 * Counts an owner's open jobs, scheduled ones included, and of the `unborn` those without a row; no further than about
 * `most`. `born`: those of the unborn that have one.
 */
export async function openJobsOf(
  db: Queryable,
  owner: string,
  { most, unborn }: { most: number; unborn: readonly string[] },
): Promise<OpenJobs & { readonly born: readonly string[] }> {
  const rows = await db.query<{ under_way: number; begun: number; later: number; born: string[] }>(
    `select
       (select count(*)::int from (select from jobs where owner = $1 and ${UNDER_WAY} limit $2::int) j) as under_way,
       (select count(*)::int from (select from jobs where owner = $1 and ${UNDER_WAY} and status = 'running' limit $2::int) j)
         as begun,
       (select count(*)::int from (select from jobs where owner = $1 and waiting limit $2::int) j) +
       (select count(*)::int from (select from jobs where owner = $1 and status = 'scheduled' limit $2::int) j)
         as later,
       array(select id from jobs where id = any($3::text[])) as born`,
    [owner, most, unborn],
  );
  const { under_way = 0, begun = 0, later = 0, born = [] } = rows[0] ?? {};
  const notBegun = later + unborn.length - born.length;
  return { in_flight: under_way + notBegun, queued: under_way - begun + notBegun, born };
}
