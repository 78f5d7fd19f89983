import type { JobStatus } from '../messages/job.ts';
import type { Queryable } from './database.ts';

/** Where a job is between the lives that replays give it. */
export interface JobLife {
  readonly status: JobStatus;
  /** How often it came back from the dead letters. */
  readonly replay: number;
}

/** What became of a job, without reading it: an ingest's row may be large. */
export async function findJobLife(db: Queryable, id: string): Promise<JobLife | undefined> {
  const [life] = await db.query<JobLife>(
    `select status, coalesce((doc -> 'state' ->> 'replay')::int, 0) as replay from jobs where id = $1`,
    [id],
  );
  return life;
}
