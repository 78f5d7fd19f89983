import type { StoredEvent } from '../messages/client-event.ts';
import type { Queryable, Tx } from './database.ts';

/** Adds client events; a `seq` that its job has already fails the transaction. */
export async function appendEvents(tx: Tx, events: readonly StoredEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(
    `insert into job_events (job, seq, event, at, data)
     select job, seq, event, at, data::json
     from unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::text[]) as given (job, seq, event, at, data)`,
    [
      events.map(({ job }) => job),
      events.map(({ seq }) => seq),
      events.map(({ event }) => event),
      events.map(({ at }) => at),
      events.map(({ data }) => JSON.stringify(data)),
    ],
  );
}

/** Events of a job after a `seq` (0: from the first), in order. */
export const eventsAfter = (db: Queryable, job: string, after: number, limit: number): Promise<StoredEvent[]> =>
  db.query<StoredEvent>(
    `select job, seq, event, at, data from job_events where job = $1 and seq > $2::int order by seq limit $3::int`,
    [job, after, limit],
  );

/** Some of a job's events, by their first and last `seq`. */
export interface Stretch {
  readonly job: string;
  readonly seqs: readonly [first: number, last: number];
}

/** The events of all these stretches, in the order given. */
export const eventsWithin = (db: Queryable, stretches: readonly Stretch[]): Promise<StoredEvent[]> =>
  db.query<StoredEvent>(
    `select e.job, e.seq, e.event, e.at, e.data
     from unnest($1::text[], $2::int[], $3::int[]) with ordinality as given (job, first, last, nth)
     join job_events e on e.job = given.job and e.seq between given.first and given.last
     order by given.nth, e.seq`,
    [stretches.map(({ job }) => job), stretches.map(({ seqs }) => seqs[0]), stretches.map(({ seqs }) => seqs[1])],
  );

/** The newest `seq` of a job; 0 when it has no events. */
export async function lastSeq(db: Queryable, job: string): Promise<number> {
  const rows = await db.query<{ seq: number }>(`select coalesce(max(seq), 0) as seq from job_events where job = $1`, [
    job,
  ]);
  return rows[0]?.seq ?? 0;
}
