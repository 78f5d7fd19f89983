import pg from 'pg';
import type { Queryable } from './database.ts';
import { CollectionExists } from './errors.ts';

export interface Collection {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly embedding_model: string;
  /** Of its vectors; null until the first is stored. */
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

const COLUMNS =
  'id, owner, name, embedding_model, dimensions, chunk_size, chunk_overlap, language, hybrid_weight, created_at';

const INSERT = `
  insert into collections (owner, name, embedding_model, chunk_size, chunk_overlap, language, hybrid_weight)
  values ($1, $2, $3, $4::int, $5::int, coalesce($6::text::regconfig::text, 'english'), coalesce($7::real, 0.7))`;

const params = (owner: string, name: string, settings: CollectionSettings) => [
  owner,
  name,
  settings.embedding_model,
  settings.chunk_size,
  settings.chunk_overlap,
  settings.language ?? null,
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
    const rows = await db.query<Collection>(`${INSERT} returning ${COLUMNS}`, params(owner, name, settings));
    return only(rows);
  } catch (error) {
    throw error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION ? new CollectionExists(name) : error;
  }
}

/** The owner's collection of that name, made with these settings when there is none. */
export async function ensureCollection(
  db: Queryable,
  owner: string,
  name: string,
  settings: CollectionSettings,
): Promise<Collection> {
  // The update changes nothing: it makes an existing row visible to `returning`.
  const rows = await db.query<Collection>(
    `${INSERT} on conflict (owner, name) do update set name = excluded.name returning ${COLUMNS}`,
    params(owner, name, settings),
  );
  return only(rows);
}

export async function findCollection(db: Queryable, owner: string, name: string): Promise<Collection | undefined> {
  const rows = await db.query<Collection>(`select ${COLUMNS} from collections where owner = $1 and name = $2`, [
    owner,
    name,
  ]);
  return rows[0];
}

/** All collections of an owner, by name. */
export const listCollections = (db: Queryable, owner: string): Promise<Collection[]> =>
  db.query<Collection>(`select ${COLUMNS} from collections where owner = $1 order by name`, [owner]);

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
     left join documents d on d.collection_id = c.id
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
