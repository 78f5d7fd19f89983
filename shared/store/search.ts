import type { Filter } from '../messages/filter.ts';
import type { SearchMode } from '../messages/inputs.ts';
import type { Explanation, Passage } from '../messages/retrieval.ts';
import type { Database } from './database.ts';
import { CollectionNotFound, DimensionMismatch, GenerationGone } from './errors.ts';
import { filterPath } from './filter.ts';
import { LOOK_AROUND } from './search/nearest.ts';
import { searchStatement } from './search/statement.ts';
import { vectorText } from './vector.ts';
import { VECTOR_INDEX_PREFIX } from './vector-index.ts';

export interface PassageQuery {
  readonly owner: string;
  /** Name of the collection. */
  readonly collection: string;
  readonly query: string;
  /** base64 Float32 of the query; needed in mode `vector`. A hybrid search without it looks at words alone. */
  readonly vector?: string | undefined;
  readonly top_k: number;
  readonly mode: SearchMode;
  /** Whose vectors are compared; by default the active one's. */
  readonly generation?: number | undefined;
  /** Only documents with such metadata. */
  readonly filter?: Filter | undefined;
  /** Tell how each score came about. */
  readonly explain?: boolean | undefined;
}

/** What is searched, as it was a moment ago. */
interface Target {
  readonly id: number;
  /** Null when the one that was asked for is no more. */
  readonly generation: number | null;
  /** Null before its first vector. */
  readonly dimensions: number | null;
  /** How many vectors its index holds; null without an index that can be used. */
  readonly indexed: number | null;
  /** Its vocabulary has been counted. */
  readonly counted: boolean;
}

const TARGET = `
  select c.id, g.id as generation, g.dimensions, i.indexed,
    exists (select from vocabularies where collection_id = c.id) as counted
  from collections c
  left join generations g on g.collection_id = c.id
    and case when $3::int is null then g.state = 'active' else g.id = $3::int and g.state <> 'dropped' end
  left join lateral (
    select greatest(reltuples, 0)::float8 as indexed from pg_class join pg_index on indexrelid = pg_class.oid
    where pg_class.oid = to_regclass('${VECTOR_INDEX_PREFIX}' || g.id) and indisvalid
  ) i on true
  where c.owner = $1 and c.name = $2`;

interface Found {
  readonly generation: number;
  readonly model: string;
  readonly weight: number;
}

/** Without a passage when nothing was found. */
type Row = Found &
  (
    | { readonly passage_id: null }
    | (Omit<Passage, 'similarity' | 'page' | 'explain'> & {
        readonly page: number | null;
        readonly similarity: number | null;
        readonly context: number | null;
        readonly dense_rank: number | null;
        readonly dense_scaled: number;
        readonly lexical_rank: number | null;
        readonly lexical_scaled: number;
        readonly bm25: number;
      })
  );
type FoundRow = Extract<Row, { readonly passage_id: string }>;

/**
 * The live passages of a collection nearest to a query, best first, in one statement.
 * @throws {CollectionNotFound}
 * @throws {GenerationGone} when the wanted one was dropped
 * @throws {DimensionMismatch} when another model than the collection's made the query's vector
 */
export async function searchPassages(db: Database, search: PassageQuery): Promise<Passage[]> {
  const { owner, collection, query, vector: base64, top_k, mode, filter, generation, explain = false } = search;
  if (mode === 'vector' && base64 === undefined) throw new TypeError('a search in mode "vector" needs a vector');
  const [target] = await db.query<Target>(TARGET, [owner, collection, generation ?? null]);
  if (target === undefined) throw new CollectionNotFound(collection);
  if (target.generation === null) throw new GenerationGone(`collection "${collection}"`);
  const vector = base64 === undefined || mode === 'text' ? null : vectorText(base64);
  const { dimensions, indexed, counted } = target;
  if (vector !== null && dimensions !== null && vector.dimensions !== dimensions) {
    throw new DimensionMismatch(collection, dimensions, vector.dimensions);
  }
  // Where an index answers in a few milliseconds, planning would take a good part of them.
  const prepared = filter === undefined && (indexed !== null || counted);
  const statement = searchStatement({
    ...{ collection_id: target.id, generation: target.generation, mode, query, top_k, counted, prepared },
    vector: dimensions === null ? undefined : vector?.text,
    filter: filter === undefined ? undefined : filterPath(filter),
    index: dimensions === null || indexed === null ? undefined : { dimensions, exactUpTo: exactUpTo(indexed) },
  });
  const rows = await db.transaction(async (tx) => {
    void tx.query(SETTINGS, [prepared ? 'force_generic_plan' : 'auto']);
    return await tx.query<Row>(statement.text, statement.params, { prepared });
  });
  if (rows.length === 0) throw new GenerationGone(`collection "${collection}"`);
  return rows.flatMap((row) => (row.passage_id === null ? [] : [toPassage(row, explain)]));
}

/** For the statement alone. Compiling it would take longer than running it. A prepared one is planned once. */
const SETTINGS = `
  select set_config('jit', 'off', true), set_config('plan_cache_mode', $1, true), set_config('hnsw.ef_search', '${LOOK_AROUND}', true),
    set_config('hnsw.iterative_scan', 'relaxed_order', true)`;

/** A scan costs as much as what it looks at; a walk through the index as much as must be skipped to find enough. */
const exactUpTo = (indexed: number): number => Math.max(EXACT_PASSAGES, Math.sqrt(WALK_COST * indexed));
const EXACT_PASSAGES = 10_000;
const WALK_COST = 1_300;

function toPassage(row: FoundRow, explain: boolean): Passage {
  const { passage_id, document_id, title, heading, text, score, start, end, page, metadata, similarity } = row;
  return {
    ...{ passage_id, document_id, title, heading, text, score },
    ...(similarity === null ? {} : { similarity }),
    ...{ start, end, metadata },
    ...(page === null ? {} : { page }),
    ...(explain ? { explain: explanation(row) } : {}),
  };
}

function explanation(row: FoundRow): Explanation {
  const { weight, model, generation, similarity, context } = row;
  const { dense_rank, dense_scaled, lexical_rank, lexical_scaled, bm25 } = row;
  const dense = {
    rank: dense_rank ?? 0,
    similarity: similarity ?? 0,
    ...(context === null ? {} : { context }),
    scaled: dense_scaled,
  };
  const lexical = { rank: lexical_rank ?? 0, bm25, scaled: lexical_scaled };
  return {
    weight,
    ...(dense_rank === null ? {} : { dense }),
    ...(lexical_rank === null ? {} : { lexical }),
    ...(similarity === null ? {} : { model, generation }),
  };
}
