import { type Kysely, sql } from 'kysely';

/*
 * What ended jobs leave behind is looked for by the job: its idempotency key goes with it, and editions that nobody will
 * publish any more are few among many.
 */
const LEFTOVERS = `
  create index idempotency_keys_of_job on idempotency_keys (job);
  create index editions_pending on editions (revision) where status = 'pending';
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(LEFTOVERS).execute(db);
}
