import type { Filter, SearchMode } from '../messages/inputs.ts';
import type { Passage } from '../messages/retrieval.ts';
import { cleanJson } from './clean.ts';
import type { Queryable } from './database.ts';
import { CollectionNotFound, DimensionMismatch } from './errors.ts';
import { vectorText } from './vector.ts';

export interface PassageQuery {
  readonly owner: string;
  /** Name of the collection. */
  readonly collection: string;
  readonly query: string;
  /** base64 Float32 of the query; needed in mode `vector`. A hybrid search without it looks at words alone. */
  readonly vector?: string | undefined;
  readonly top_k: number;
  readonly mode: SearchMode;
  /** Only documents whose metadata has these values. */
  readonly filter?: Filter | undefined;
}

/** Candidates that each of the two rankings brings. */
const CANDIDATES = 100;
/** BM25's usual constants: how soon a repeated word stops counting, and how much long passages are held back. */
const K1 = 1.2;
const B = 0.75;

/*
 * Two rankings of the live passages, each brought to 0..1 (min-max over its candidates) and added by weight:
 * - dense: cosine similarity by an exact scan, materialized so that no index with a filter behind it spoils the recall;
 * - words: BM25 over the postings of the query's terms, with document frequencies counted on the spot.
 * Plain reciprocal rank fusion and ts_rank_cd were measured and made results worse. `live` bears filter and liveness for
 * both. The outer join on `collection` gives one row even when nothing is found, so that "no such collection" shows.
 */
const SEARCH = `
with collection as materialized (
  select id, language::regconfig as language, dimensions,
    case when $5 = 'vector' then 1 when $5 = 'text' or $4::vector is null then 0 else hybrid_weight end as weight
  from collections where owner = $1 and name = $2
),
live as materialized (
  select e.no as edition, e.passages, e.words
  from documents d join editions e on e.no = d.live_edition
  where d.collection_id = (select id from collection) and ($7::jsonb is null or e.metadata @> $7::jsonb)
),
stats as materialized (
  select sum(passages)::float8 as passages, (sum(words) / nullif(sum(passages), 0))::float8 as words from live
),
near as materialized (
  select edition, ord, distance from (
    select v.edition, v.ord, v.embedding <=> $4::vector as distance
    from live join vectors v using (edition)
    where $5 <> 'text' and vector_dims($4::vector) = (select dimensions from collection)
  ) scan
  order by distance limit ${CANDIDATES}
),
matches as materialized (
  select term, edition, ord, tf, words from postings
  where $5 <> 'vector' and collection_id = (select id from collection)
    and term = any (array(select lexeme from unnest(to_tsvector((select language from collection), $3))))
),
hits as materialized (
  select * from matches where edition in (select edition from live)
),
weights as materialized (
  select term, ln(1 + (stats.passages - df + 0.5) / (df + 0.5)) as idf
  from (select term, count(*) as df from hits group by term) counted, stats
),
worded as materialized (
  select edition, ord,
    sum(idf * tf * ${K1 + 1} / (tf + ${K1} * (${1 - B} + ${B} * (hits.words / stats.words)))) as score
  from hits join weights using (term), stats
  group by edition, ord order by score desc, edition, ord limit ${CANDIDATES}
),
dense_scaled as (
  select edition, ord, coalesce((max(distance) over () - distance) / nullif(max(distance) over () - min(distance) over (), 0), 1) as score
  from near
),
words_scaled as (
  select edition, ord, coalesce((score - min(score) over ()) / nullif(max(score) over () - min(score) over (), 0), 1) as score
  from worded
),
best as materialized (
  select edition, ord, weight * coalesce(d.score, 0) + (1 - weight) * coalesce(w.score, 0) as score
  from dense_scaled d full join words_scaled w using (edition, ord), collection
  order by score desc, edition, ord limit $6::int
),
found as (
  select best.score, p.id as passage_id, e.document_id, e.title, p.heading, p.text, p.start_at as start, p.end_at as "end",
    e.metadata, 1 - (v.embedding <=> $4::vector) as similarity, best.edition, best.ord
  from best
  join passages p on (p.edition, p.ord) = (best.edition, best.ord)
  join editions e on e.no = best.edition
  left join vectors v on (v.edition, v.ord) = (best.edition, best.ord)
    and $5 <> 'text' and vector_dims($4::vector) = (select dimensions from collection)
)
select collection.dimensions, found.* from collection left join found on true
order by score desc nulls last, edition, ord`;

type Row = { dimensions: number | null; similarity: number | null; passage_id: string | null } & Omit<
  Passage,
  'similarity' | 'passage_id'
>;

/**
 * The live passages of a collection nearest to a query, best first, in one statement.
 * @throws {CollectionNotFound}
 * @throws {DimensionMismatch} when another model than the collection's made the query's vector
 */
export async function searchPassages(db: Queryable, search: PassageQuery): Promise<Passage[]> {
  const { owner, collection, query, vector: base64, top_k, mode, filter } = search;
  if (mode === 'vector' && base64 === undefined) throw new TypeError('a search in mode "vector" needs a vector');
  const vector = base64 === undefined || mode === 'text' ? null : vectorText(base64);
  const rows = await db.query<Row>(SEARCH, [
    owner,
    collection,
    query,
    vector?.text ?? null,
    mode,
    top_k,
    filter === undefined ? null : cleanJson(filter),
  ]);
  const dimensions = rows[0]?.dimensions;
  if (dimensions === undefined) throw new CollectionNotFound(collection);
  if (vector !== null && dimensions !== null && vector.dimensions !== dimensions) {
    throw new DimensionMismatch(collection, dimensions, vector.dimensions);
  }
  return rows.flatMap(({ dimensions: _, ...row }) => (row.passage_id === null ? [] : [toPassage(row, row.passage_id)]));
}

function toPassage({ similarity, ...row }: Omit<Row, 'dimensions'>, passage_id: string): Passage {
  const { document_id, title, heading, text, score, start, end, metadata } = row;
  const passage = { passage_id, document_id, title, heading, text, score, start, end, metadata };
  return similarity === null ? passage : { ...passage, similarity };
}
