import type { SearchMode } from '../../messages/inputs.ts';
import type { Param } from '../database.ts';
import { nearest } from './nearest.ts';
import { placed } from './placed.ts';
import { type Scope, sight } from './scope.ts';
import { worded } from './worded.ts';

export interface SearchPlan {
  readonly collection_id: number;
  readonly generation: number;
  readonly mode: SearchMode;
  readonly query: string;
  readonly top_k: number;
  /** jsonpath that the metadata of a passage's document must match. */
  readonly filter?: string | undefined;
  /** pgvector's text form, of the generation's dimensions. Without it words alone are looked at. */
  readonly vector?: string | undefined;
  /** Where the generation has an index: the vectors' dimensions, and how many filtered passages are scanned without it. */
  readonly index?: { readonly dimensions: number; readonly exactUpTo: number } | undefined;
  /** The collection's vocabulary has been counted. */
  readonly counted: boolean;
  /** The statement will be prepared: its plan must be as good whatever the parameters, so these are few. */
  readonly prepared?: boolean;
}

export interface Statement {
  readonly text: string;
  readonly params: readonly Param[];
}

/*
 * Two rankings of the live passages, each brought to 0..1 (min-max over its candidates) and added by weight:
 * - near: cosine similarity, by an exact scan or by the generation's index; `placed` adds that of the passages around;
 * - worded: BM25 over the postings of the query's terms.
 * Plain reciprocal rank fusion and ts_rank_cd were measured and made results worse.
 *
 * The outer join on `collection` gives one row even when nothing is found, so that "no such generation" shows. The text
 * is made of constants and of numbers that the database itself gave; what clients send are parameters.
 */
export function searchStatement(plan: SearchPlan): Statement {
  const params: Param[] = [];
  const given: Given = (value, type) => `$${params.push(value)}::${type}`;
  const number = plan.prepared ? (value: number) => `${value}::int` : (value: number) => given(value, 'int');
  const id = number(plan.collection_id);
  const generation = number(plan.generation);
  const vector = plan.vector === undefined || plan.mode === 'text' ? undefined : given(plan.vector, 'vector');
  const words = plan.mode === 'vector' ? undefined : given(plan.query, 'text');
  const filter = plan.filter === undefined ? undefined : given(plan.filter, 'jsonpath');
  const topK = given(plan.top_k, 'int');
  const weight = vector === undefined ? '0::real' : words === undefined ? '1::real' : 'g.hybrid_weight';
  const decides = plan.index !== undefined && vector !== undefined && filter !== undefined;
  const exactUpTo = decides ? given(plan.index.exactUpTo, 'float8') : undefined;
  const { dimensions } = plan.index ?? {};
  const scope: Scope = { id, generation, vector, filter, exactUpTo, dimensions, counted: plan.counted };
  const text = `
with collection as materialized (
  select c.language::regconfig as language, g.id as generation, g.embedding_model as model, ${weight} as weight
  from collections c join generations g on g.collection_id = c.id
  where c.id = ${id} and g.id = ${generation} and g.state <> 'dropped'
),
${sight(scope)},
${nearest(scope)},
${placed(scope, words !== undefined)},
${worded(scope, words)},
dense as (
  select edition, ord, 1 - around as context, rank() over (order by distance)::int as dense_rank,
    coalesce((max(distance) over () - distance) / nullif(max(distance) over () - min(distance) over (), 0), 1) as dense_scaled
  from placed
),
lexical as (
  select edition, ord, score as bm25, rank() over (order by score desc)::int as lexical_rank,
    coalesce((score - min(score) over ()) / nullif(max(score) over () - min(score) over (), 0), 1) as lexical_scaled
  from worded
),
best as materialized (
  select edition, ord, context, dense_rank, dense_scaled, lexical_rank, lexical_scaled, bm25,
    weight * coalesce(dense_scaled, 0) + (1 - weight) * coalesce(lexical_scaled, 0) as score
  from dense full join lexical using (edition, ord), collection
  order by score desc, edition, ord limit ${topK}
),
found as (
  select best.*, p.id as passage_id, e.document_id, e.title, p.heading, p.text, p.start_at as start, p.end_at as "end",
    p.page, e.metadata, ${vector === undefined ? 'null::float8' : `1 - (v.embedding <=> ${vector})`} as similarity
  from best
  join passages p on (p.edition, p.ord) = (best.edition, best.ord)
  join editions e on e.no = best.edition
  left join vectors v on (v.generation, v.edition, v.ord) = (${generation}, best.edition, best.ord)
)
select collection.generation, collection.model, collection.weight, found.* from collection left join found on true
order by score desc nulls last, edition, ord`;
  return { text, params };
}

type Given = (value: Param, type: string) => string;
