import pg from 'pg';
import { held } from './collection-lock.ts';
import type { Database, Queryable, Tx } from './database.ts';
import { CollectionExists } from './errors.ts';

export interface Collection {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  /** Its active generation, and of that: the model, and the dimensions of its vectors (null until the first is stored). */
  readonly generation: number;
  readonly embedding_model: string;
  readonly dimensions: number | null;
  /** Size of its passages in tokens, and how many of them two neighbours share. */
  readonly chunk_size: number;
  readonly chunk_overlap: number;
  /** Text search configuration, e.g. `english`. */
  readonly language: string;
  /** Weight of meaning against words in a hybrid search, 0 to 1. */
  readonly hybrid_weight: number;
  readonly created_at: string;
}

export interface CollectionSettings {
  readonly embedding_model: string;
  readonly chunk_size: number;
  readonly chunk_overlap: number;
  /** Default `english`. */
  readonly language?: string;
  /** Default 0.7. */
  readonly hybrid_weight?: number;
}

const COLUMNS = `
  c.id, c.owner, c.name, g.id as generation, g.embedding_model, g.dimensions, c.chunk_size, c.chunk_overlap, c.language,
  g.hybrid_weight, c.created_at`;

const ACTIVE = `collections c join generations g on g.collection_id = c.id and g.state = 'active'`;

/** A collection and its first generation. */
const INSERT = `
  with c as (
    insert into collections (owner, name, chunk_size, chunk_overlap, language)
    values ($1, $2, $3::int, $4::int, coalesce($5::text::regconfig::text, 'english'))
    returning *
  ),
  g as (
    insert into generations (collection_id, embedding_model, hybrid_weight, state, activated_at)
    select id, $6, coalesce($7::real, 0.7), 'active', now() from c
    returning *
  )
  select ${COLUMNS} from c, g`;

const params = (owner: string, name: string, settings: CollectionSettings) => [
  owner,
  name,
  settings.chunk_size,
  settings.chunk_overlap,
  settings.language ?? null,
  settings.embedding_model,
  settings.hybrid_weight ?? null,
];

const UNIQUE_VIOLATION = '23505';

/** @throws {CollectionExists} */
export async function createCollection(
  db: Queryable,
  owner: string,
  name: string,
  settings: CollectionSettings,
): Promise<Collection> {
  try {
    return only(await db.query<Collection>(INSERT, params(owner, name, settings)));
  } catch (error) {
    throw error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION ? new CollectionExists(name) : error;
  }
}

/** The owner's collection of that name, made with these settings when there is none. */
export async function ensureCollection(
  db: Database,
  owner: string,
  name: string,
  settings: CollectionSettings,
): Promise<Collection> {
  const found = await findCollection(db, owner, name);
  if (found !== undefined) return found;
  try {
    return await createCollection(db, owner, name, settings);
  } catch (error) {
    // Another one was quicker; when it is deleted again by now, trying again makes it.
    const twin = error instanceof CollectionExists ? await findCollection(db, owner, name) : undefined;
    if (twin === undefined) throw error;
    return twin;
  }
}

export async function findCollection(db: Queryable, owner: string, name: string): Promise<Collection | undefined> {
  const rows = await db.query<Collection>(`select ${COLUMNS} from ${ACTIVE} where c.owner = $1 and c.name = $2`, [
    owner,
    name,
  ]);
  return rows[0];
}

/** The text search configurations that the database has, by name: languages that a collection can be in. */
export async function listLanguages(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    'select cfgname::text as name from pg_ts_config where pg_ts_config_is_visible(oid) order by cfgname',
  );
  return rows.map(({ name }) => name);
}

/** The ids of collections, which keep their active generation until the transaction ends. It must begin with this. */
export const lockCollections = (
  tx: Tx,
  names: readonly { readonly owner: string; readonly collection: string }[],
): Promise<Pick<Collection, 'id' | 'owner' | 'name'>[]> =>
  tx.query(
    `with found as materialized (
       select id, owner, name from collections
       where (owner, name) in (select * from unnest($1::text[], $2::text[])) order by id
     )
     select id, owner, name, ${held('id')} from found`,
    [names.map(({ owner }) => owner), names.map(({ collection }) => collection)],
  );

/** All collections of an owner, by name. */
export const listCollections = (db: Queryable, owner: string): Promise<Collection[]> =>
  db.query<Collection>(`select ${COLUMNS} from ${ACTIVE} where c.owner = $1 order by c.name`, [owner]);

export interface CollectionSize {
  readonly id: number;
  readonly documents: number;
  /** Passages that searches see. */
  readonly passages: number;
}

/** How much is in each of these collections. */
export const collectionSizes = (db: Queryable, ids: readonly number[]): Promise<CollectionSize[]> =>
  db.query<CollectionSize>(
    `select c.id, count(d.id)::int as documents, coalesce(sum(e.passages), 0)::int as passages
     from collections c
     left join documents d on d.collection_id = c.id and exists (
       select from editions newest where (newest.collection_id, newest.document_id, newest.revision) = (d.collection_id, d.id, d.newest_revision)
     )
     left join editions e on e.no = d.live_edition
     where c.id = any($1::int[])
     group by c.id order by c.id`,
    [ids],
  );

/** Deletes a collection and everything in it. @returns false when there was none */
export async function deleteCollection(db: Queryable, owner: string, name: string): Promise<boolean> {
  const rows = await db.query(
    `with gone as (delete from collections where owner = $1 and name = $2 returning id),
     gone_postings as (delete from postings using gone where collection_id = gone.id)
     select id from gone`,
    [owner, name],
  );
  return rows.length > 0;
}

function only<Row>(rows: readonly Row[]): Row {
  const row = rows[0];
  if (row === undefined) throw new Error('the statement returned no row');
  return row;
}
