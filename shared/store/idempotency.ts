import type { Queryable } from './database.ts';

export interface Claim {
  readonly owner: string;
  /** The client's Idempotency-Key. */
  readonly key: string;
  readonly body_hash: string;
  /** Id of the job that is to be made. */
  readonly job: string;
}

/**
 * Claims a key for a job, or tells which job has it. Of many that claim the same key at once one is `fresh`, and all get
 * the same job. Claiming again for the same job is fresh again.
 */
export async function claimKey(
  db: Queryable,
  { owner, key, body_hash, job }: Claim,
): Promise<{ job: string; body_hash: string; fresh: boolean }> {
  // The update changes nothing: it waits for a claim under way and makes the row visible to `returning`.
  const rows = await db.query<{ job: string; body_hash: string }>(
    `insert into idempotency_keys as held (owner, key, body_hash, job) values ($1, $2, $3, $4)
     on conflict (owner, key) do update set job = held.job
     returning job, body_hash`,
    [owner, key, body_hash, job],
  );
  const held = rows[0];
  if (held === undefined) throw new Error('the claim of an idempotency key returned no row');
  return { ...held, fresh: held.job === job };
}

/** Gives a key back whose job was not accepted after all. */
export async function releaseKey(db: Queryable, { owner, key, job }: Omit<Claim, 'body_hash'>): Promise<void> {
  await db.query(`delete from idempotency_keys where owner = $1 and key = $2 and job = $3`, [owner, key, job]);
}

/** Deletes keys claimed at least this many seconds ago. @returns how many */
export async function forgetKeys(db: Queryable, ageS: number): Promise<number> {
  const rows = await db.query(
    `delete from idempotency_keys where created_at < now() - make_interval(secs => $1::float8) returning key`,
    [ageS],
  );
  return rows.length;
}
