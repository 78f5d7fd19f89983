import { type Kysely, sql } from 'kysely';

/*
 * By its fingerprint an edition is known again when the same content is sent. A deleted document keeps its row for a
 * while, without an edition: its revision is the deletion's, so that ingests born before cannot bring it back.
 */
const KNOWN_CONTENT = `
  alter table editions add column fingerprint text;
  create index documents_deleted on documents (updated_at) where live_edition is null and live_revision is not null;
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(KNOWN_CONTENT).execute(db);
}
