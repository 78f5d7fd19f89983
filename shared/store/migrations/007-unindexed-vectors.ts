import { type Kysely, sql } from 'kysely';

/*
 * A place in an HNSW graph takes milliseconds to find. Vectors of a generation with an index are stored beside it, and
 * taken in afterwards.
 */
const UNINDEXED_VECTORS = `
  alter table generations add column indexed boolean not null default false;
  update generations set indexed = to_regclass('vectors_hnsw_' || id) is not null;
  alter table vectors add column unindexed boolean not null default false;
  create index vectors_unindexed on vectors (generation) where unindexed;
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(UNINDEXED_VECTORS).execute(db);
}
