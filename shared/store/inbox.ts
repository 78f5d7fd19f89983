import type { Queryable, Tx } from './database.ts';

/** What followed from the messages among `ids` that were heard before. */
export async function findOutputs(db: Queryable, ids: readonly string[]): Promise<Map<string, unknown>> {
  const rows = await db.query<{ id: string; outputs: string }>(
    `select id, outputs from inbox where id = any($1::text[])`,
    [ids],
  );
  return new Map(rows.map(({ id, outputs }) => [id, JSON.parse(outputs)]));
}

export interface InboxRow {
  /** Message id. */
  readonly id: string;
  readonly job: string;
  /** Anything JSON; comes back exactly as it was. */
  readonly outputs: unknown;
  /** RFC 3339. */
  readonly at: string;
}

/**
 * Records that messages were heard and what follows from them.
 * @throws {DuplicateMessageError} when one was heard before: another process is at work on the same job, or this one came
 * too late. The transaction is lost then.
 */
export async function recordInbox(tx: Tx, rows: readonly InboxRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into inbox (id, job, outputs, at)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])`,
    [
      rows.map(({ id }) => id),
      rows.map(({ job }) => job),
      rows.map(({ outputs }) => JSON.stringify(outputs)),
      rows.map(({ at }) => at),
    ],
  );
}
