import { type Kysely, sql } from 'kysely';

/*
 * What a search reads of editions: which of a collection's are not live (few), how much the live ones hold (from the index
 * alone), and which of them a filter lets pass.
 */
const INDEXES = `
  create index editions_live on editions (collection_id) include (passages, words)
    where status in ('searchable', 'partial');
  create index editions_hidden on editions (collection_id, no) where not status in ('searchable', 'partial');
  create index editions_by_metadata on editions using gin (metadata jsonb_path_ops);
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(INDEXES).execute(db);
}
