import { type Kysely, sql } from 'kysely';

/*
 * Jobs beyond their key's share wait without a command. How many of a key are under way, and which of them is next, is
 * asked in every turn that begins jobs: both are short looks into an index.
 */
const SHARES = `
  alter table jobs add column waiting bool not null default false;
  create index jobs_under_way on jobs (owner, type, priority) where status in ('queued', 'running') and not waiting;
  create index jobs_scheduled on jobs (owner) where status = 'scheduled';
  create index jobs_waiting on jobs (owner, type, priority, id) where waiting;
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SHARES).execute(db);
}
