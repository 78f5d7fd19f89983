import type { Query } from './alone.ts';

/*
 * The index of a generation's vectors: HNSW over half precision, partial, so that each has a graph of its own and nobody
 * else's vectors stand between a query and its neighbours. Once there is one, further vectors are taken in one by one
 * (unindexed-vectors.ts). Made beside reads and writes, by one process at a time: it holds an advisory lock meanwhile. So
 * whatever index is not valid while the lock is free was left behind by a death.
 *
 * A process that is killed has its connection's server side go on and end the index by itself; the lock is free then.
 */

/** Name of a generation's index, before its number. */
export const VECTOR_INDEX_PREFIX = 'vectors_hnsw_';
/** Of half precision vectors that pgvector's HNSW takes. */
const MAX_DIMENSIONS = 4_000;
/** Links of a vector in the graph, and how many are looked at to choose them: half more, and twice more, than by default. */
const LINKS = 24;
const CARE = 128;
/** Beside the vector itself, for its place in the graph. */
const GRAPH_BYTES = 600;
const BYTES_A_DIMENSION = 2;
const MIN_BUILD_MEMORY_MB = 64;
const MAX_BUILD_MEMORY_MB = 1_024;

interface Missing {
  readonly generation: number;
  readonly dimensions: number;
  readonly vectors: number;
}

export interface Chores {
  /** Names of indexes of which nothing will come any more. */
  readonly drop: readonly string[];
  readonly build: readonly Missing[];
}

const CHORES = `
  with indexes as (
    select relname as name, substring(relname from '\\d+$')::int as generation,
      indisvalid and pg_get_expr(indpred, indrelid) like '%unindexed%' as valid
    from pg_index join pg_class on pg_class.oid = indexrelid
    where indrelid = 'vectors'::regclass and relname ~ '^${VECTOR_INDEX_PREFIX}\\d+$'
  ),
  kept as (select id, dimensions from generations where state <> 'dropped'),
  missing as (
    select id, dimensions, (select count(*) from vectors where generation = id)::int as vectors from kept
    where dimensions <= ${MAX_DIMENSIONS} and id not in (select generation from indexes where valid)
      and $1::int < (select count(*) from (select from vectors where generation = id limit $1::int + 1) counted)
  )
  select array(select name::text from indexes where not valid or generation not in (select id from kept)) as drop,
    coalesce((select json_agg(json_build_object('generation', id, 'dimensions', dimensions, 'vectors', vectors) order by id)
      from missing), '[]') as build`;

/**
 * What there is to do. An index of before 007-unindexed-vectors takes every vector in at once, and gives way to a new one.
 * One being made looks like one left behind: only who works alone can tell.
 */
export async function indexChores(query: Query, threshold: number): Promise<Chores> {
  const [found] = await query<Chores>(CHORES, [threshold]);
  return found ?? { drop: [], build: [] };
}

/**
 * Makes the indexes that are missing, of generations with more vectors than `threshold`, and drops those that are broken
 * or whose generation is gone.
 */
export async function tendIndexes(
  query: Query,
  threshold: number,
): Promise<{ dropped: readonly string[]; built: string[] }> {
  const { drop, build } = await indexChores(query, threshold);
  for (const name of drop) await query(`drop index concurrently if exists ${name}`);
  // Without knowing how many vectors a generation has, the planner would rather sort them all than walk the index.
  if (build.length > 0) await query('analyze vectors');
  for (const missing of build) await buildIndex(query, missing);
  return { dropped: drop, built: build.map(({ generation }) => VECTOR_INDEX_PREFIX + generation) };
}

async function buildIndex(query: Query, { generation, dimensions, vectors }: Missing): Promise<void> {
  const megabytes = Math.ceil((vectors * (dimensions * BYTES_A_DIMENSION + GRAPH_BYTES)) / 2 ** 20);
  const memory = Math.min(MAX_BUILD_MEMORY_MB, Math.max(MIN_BUILD_MEMORY_MB, megabytes));
  await query('update generations set indexed = true where id = $1::int', [generation]);
  await query(`set maintenance_work_mem = '${memory}MB'`);
  await query(
    `create index concurrently ${VECTOR_INDEX_PREFIX}${generation} on vectors
     using hnsw ((embedding::halfvec(${dimensions})) halfvec_cosine_ops)
     with (m = ${LINKS}, ef_construction = ${CARE}) where generation = ${generation} and not unindexed`,
  );
}
