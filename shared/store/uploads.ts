import type { Queryable } from './database.ts';

/** Keeps a document that is too large for a message until its job has split it. Doing it twice changes nothing. */
export async function storeUpload(
  db: Queryable,
  { id, job, content }: { id: string; job: string; content: Buffer },
): Promise<void> {
  await db.query(`insert into uploads (id, job, content) values ($1, $2, $3) on conflict (id) do nothing`, [
    id,
    job,
    content,
  ]);
}

export async function readUpload(db: Queryable, id: string): Promise<Buffer | undefined> {
  const rows = await db.query<{ content: Buffer }>(`select content from uploads where id = $1`, [id]);
  return rows[0]?.content;
}

export async function deleteUploads(db: Queryable, job: string): Promise<void> {
  await db.query(`delete from uploads where job = $1`, [job]);
}

/** Deletes uploads of at least this age whose job has ended or was never accepted. @returns how many */
export async function forgetUploads(db: Queryable, ageS: number): Promise<number> {
  const rows = await db.query(
    `delete from uploads where created_at < now() - make_interval(secs => $1::float8)
       and not exists (select from jobs where jobs.id = uploads.job and finished_at is null)
     returning id`,
    [ageS],
  );
  return rows.length;
}
