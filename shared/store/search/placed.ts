import type { Scope } from './scope.ts';

/**
 * How much of a candidate's similarity is that of the passages around it, and how many of them count on each side. One
 * that stands among others about the question rather answers it than one that shares a phrase with it.
 */
const CONTEXT_SHARE = 0.4;
const REACH = 3;

const ALONE = `placed as (
  select edition, ord, distance, null::float8 as around from near
)`;

/**
 * The candidates by meaning, in a hybrid search with the mean distance of what surrounds them (themselves included) taken
 * into their own.
 */
export function placed({ generation, vector }: Scope, hybrid: boolean): string {
  if (vector === undefined || !hybrid) return ALONE;
  return `placed as materialized (
  select edition, ord, around, ${1 - CONTEXT_SHARE} * distance + ${CONTEXT_SHARE} * around as distance
  from near, lateral (
    select avg(v.embedding <=> ${vector}) as around from vectors v
    where v.generation = ${generation} and v.edition = near.edition
      and v.ord between near.ord - ${REACH} and near.ord + ${REACH}
  ) neighbours
)`;
}
