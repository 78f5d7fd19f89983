import { haveAlone } from './collection-lock.ts';
import { findCollection } from './collections.ts';
import type { Database, Queryable, Tx } from './database.ts';
import { CollectionNotFound, GenerationGone, ModelUnchanged, ReembedUnderWay } from './errors.ts';

export type GenerationState = 'building' | 'active' | 'retired';

/** All vectors of a collection by one model. */
export interface Generation {
  readonly id: number;
  readonly collection_id: number;
  readonly embedding_model: string;
  /** Of its vectors; null until the first is stored. */
  readonly dimensions: number | null;
  readonly state: GenerationState;
  /** The job that builds it, or did last; null for a collection's first. */
  readonly job: string | null;
  readonly created_at: string;
  readonly activated_at: string | null;
  readonly retired_at: string | null;
}

const COLUMNS = 'id, collection_id, embedding_model, dimensions, state, job, created_at, activated_at, retired_at';

/** SQL: the job that built a generation `g` ended without it. */
const ORPHAN = `
  g.state = 'building' and not exists (select from jobs j where j.id = g.job and j.finished_at is null)`;

/** SQL: what becomes of it. Vectors that were active before can be gone back to again. */
const ABANDONED = `case when g.activated_at is null then 'dropped' else 'retired' end`;

/**
 * The generations that these collections keep, oldest first. What a job that has ended was building is shown as given up,
 * though that may be yet to be done.
 */
export const listGenerations = (db: Queryable, collections: readonly number[]): Promise<Generation[]> =>
  db.query<Generation>(
    `select ${COLUMNS} from (
       select g.id, g.collection_id, g.embedding_model, g.dimensions, g.job, g.created_at, g.activated_at, g.retired_at,
         case when ${ORPHAN} then ${ABANDONED} else g.state end as state
       from generations g where g.collection_id = any($1::int[])
     ) kept
     where state <> 'dropped' order by id`,
    [collections],
  );

export interface Beginning {
  readonly owner: string;
  /** Name of the collection. */
  readonly collection: string;
  /** By the name that the collection is to remember. */
  readonly embedding_model: string;
  readonly hybrid_weight: number;
  /** The job that builds it. */
  readonly job: string;
}

/**
 * Begins the next generation of a collection. When the retired one is of that model, its vectors are taken up again.
 * Beginning twice for the same job changes nothing.
 * @throws {CollectionNotFound}
 * @throws {ModelUnchanged} when the active generation is of that model
 * @throws {ReembedUnderWay} when another job builds one
 */
export const beginGeneration = (db: Database, { owner, collection, ...wish }: Beginning): Promise<Generation> =>
  db.transaction(async (tx) => {
    const found = await findCollection(tx, owner, collection);
    if (found === undefined) throw new CollectionNotFound(collection);
    await haveAlone(tx, found.id);
    // A job may end and the next begin before the sweeper comes by.
    void abandon(tx, found.id);
    const kept = await listGenerations(tx, [found.id]);
    const building = kept.find(({ state }) => state === 'building');
    if (building?.job === wish.job) return building;
    if (building !== undefined) throw new ReembedUnderWay(collection, building.job ?? '');
    const same = kept.find(({ embedding_model }) => embedding_model === wish.embedding_model);
    if (same?.state === 'active') throw new ModelUnchanged(collection, wish.embedding_model);
    return same === undefined ? await makeBuilding(tx, found.id, wish) : await reopen(tx, same.id, wish.job);
  });

async function makeBuilding(tx: Tx, collection: number, wish: Omit<Beginning, 'owner' | 'collection'>) {
  const rows = await tx.query<Generation>(
    `insert into generations (collection_id, embedding_model, hybrid_weight, state, job)
     values ($1::int, $2, $3::real, 'building', $4) returning ${COLUMNS}`,
    [collection, wish.embedding_model, wish.hybrid_weight, wish.job],
  );
  return only(rows);
}

async function reopen(tx: Tx, id: number, job: string): Promise<Generation> {
  const rows = await tx.query<Generation>(
    `update generations set state = 'building', job = $2 where id = $1::int and state = 'retired' returning ${COLUMNS}`,
    [id, job],
  );
  const [row] = rows;
  // It was dropped for its age a moment ago: the next attempt makes a new one.
  if (row === undefined) throw new GenerationGone(`generation ${id}`);
  return row;
}

/** Whether there is any generation beside those that are searched: seldom, and asked every second. */
export async function hasInactive(db: Queryable): Promise<boolean> {
  const [found] = await db.query<{ some: boolean }>(
    `select exists (select from generations where state <> 'active') as some`,
  );
  return found?.some === true;
}

/** Gives up what jobs that ended without it were building. */
export async function abandonOrphans(db: Database): Promise<void> {
  const orphaned = await db.query<Pick<Generation, 'collection_id'>>(
    `select collection_id from generations g where ${ORPHAN}`,
  );
  for (const { collection_id } of orphaned) {
    await db.transaction(async (tx) => {
      void haveAlone(tx, collection_id);
      await abandon(tx, collection_id);
    });
  }
}

/** The same for one collection, which the transaction must have alone. The statement's own promise, which may be left alone. */
const abandon = (tx: Tx, collection: number): Promise<unknown> =>
  tx.query(
    `with orphan as (
       update generations g set state = ${ABANDONED}
       where g.collection_id = $1::int and ${ORPHAN} returning g.id, g.collection_id
     )
     ${FORGET} from orphan g where ${OF_INGESTS}`,
    [collection],
  );

/** Ingests under way embed for it no longer: a later build must see to their passages. */
const FORGET = 'update editions e set generations = array_remove(e.generations, g.id)';
const OF_INGESTS = `e.collection_id = g.collection_id and e.status = 'pending' and g.id = any (e.generations)`;

/** The generation that a job built answers from now on; the one before is kept for a while. The transaction must have the collection alone. */
export async function activate(tx: Tx, { id, collection_id }: Pick<Generation, 'id' | 'collection_id'>): Promise<void> {
  // One after another: at no moment may there be two of a state.
  const steps = [
    [`update generations set state = 'dropped' where collection_id = $1::int and state = 'retired'`, [collection_id]],
    [
      `with former as (
         update generations set state = 'retired', retired_at = now()
         where collection_id = $1::int and state = 'active' returning id, collection_id
       )
       ${FORGET} from former g where ${OF_INGESTS}`,
      [collection_id],
    ],
    [`update generations set state = 'active', activated_at = now(), retired_at = null where id = $1::int`, [id]],
  ] as const;
  await Promise.all(steps.map(([text, params]) => tx.query(text, params)));
}

/** Drops the retired generations that were kept for this many seconds. */
export async function dropRetired(db: Queryable, ageS: number): Promise<void> {
  await db.query(
    `update generations set state = 'dropped'
     where state = 'retired' and retired_at < now() - make_interval(secs => $1::float8)`,
    [ageS],
  );
}

/** Generations on their way out, and the ingests under way in their collections: these may still wait for their vectors. */
export const droppedGenerations = (db: Queryable): Promise<{ id: number; ingests: string[] }[]> =>
  db.query(
    `select g.id, array(
       select j.id from jobs j where j.owner = c.owner and j.collection = c.name and j.type = 'ingest'
         and j.status in ('queued', 'running') and not j.waiting
     ) as ingests
     from generations g join collections c on c.id = g.collection_id
     where g.state = 'dropped' order by g.id`,
  );

/** Deletes some vectors of a dropped generation, with the last of them the generation. @returns whether it is gone */
export async function shrinkDropped(db: Queryable, id: number, limit: number): Promise<boolean> {
  const gone = await db.query(
    `with old as (select edition, ord from vectors where generation = $1::int limit $2::int)
     delete from vectors v using old where v.generation = $1::int and (v.edition, v.ord) = (old.edition, old.ord)
     returning v.ord`,
    [id, limit],
  );
  if (gone.length === limit) return false;
  await db.query(`delete from generations where id = $1::int and state = 'dropped'`, [id]);
  return true;
}

export interface ActiveModel {
  readonly owner: string;
  readonly collection: string;
  readonly embedding_model: string;
  /** It has vectors: no other model can be its own any more. */
  readonly settled: boolean;
}

/** The active models of collections, given by owner and name, or by the jobs that look into them. */
export const activeModels = (
  db: Queryable,
  { collections, jobs }: { collections: readonly { owner: string; collection: string }[]; jobs: readonly string[] },
): Promise<ActiveModel[]> =>
  db.query<ActiveModel>(
    `select c.owner, c.name as collection, g.embedding_model, g.dimensions is not null as settled
     from (
       select * from unnest($1::text[], $2::text[]) as given (owner, name)
       union select owner, collection from jobs where id = any($3::text[])
     ) wanted
     join collections c using (owner, name)
     join generations g on g.collection_id = c.id and g.state = 'active'`,
    [collections.map(({ owner }) => owner), collections.map(({ collection }) => collection), jobs],
  );

function only<Row>(rows: readonly Row[]): Row {
  const row = rows[0];
  if (row === undefined) throw new Error('the statement returned no row');
  return row;
}
