import { CANDIDATES, type Scope, seen } from './scope.ts';

/** Of so many, found by an index of shortened vectors, the best by the full ones become candidates. */
const SCANNED = 2 * CANDIDATES;
/** How far the walk through the index looks around: more finds more, and takes longer (hnsw.ef_search). */
export const LOOK_AROUND = 225;

const NONE = `near as materialized (
  select null::bigint as edition, null::int as ord, null::float8 as distance where false
)`;

/** The passages nearest to the query. With an index, a filter decides when it is known how many passages it leaves. */
export function nearest(scope: Scope): string {
  const { vector, dimensions, exactUpTo } = scope;
  if (vector === undefined) return NONE;
  const best = (from: string) => `near as materialized (
  select edition, ord, distance from (${from}
  ) scan
  order by distance limit ${CANDIDATES}
)`;
  if (dimensions === undefined) return best(exactScan(scope));
  if (exactUpTo === undefined)
    return best(`${indexScan(scope, dimensions)}
    union all${unindexedScan(scope)}`);
  const few = `(select coalesce(sum(passages), 0) from live) <= ${exactUpTo}`;
  return best(`${exactScan(scope, `and ${few}`)}
    union all${indexScan(scope, dimensions, `and not ${few}`)}
    union all${unindexedScan(scope, `and not ${few}`)}`);
}

/** Materialized by its CTE, so that no index with a filter behind it spoils the recall. */
const exactScan = ({ generation, vector, filter }: Scope, condition = ''): string =>
  filter === undefined
    ? `
    select edition, ord, embedding <=> ${vector} as distance from vectors
    where generation = ${generation} and edition not in (select edition from hidden)`
    : `
    select v.edition, v.ord, v.embedding <=> ${vector} as distance from chosen join vectors v using (edition)
    where v.generation = ${generation} ${condition}`;

/** Half the precision is enough to find them; the order is made by the full vectors. */
const indexScan = (scope: Scope, dimensions: number, condition = ''): string => `
    select edition, ord, embedding <=> ${scope.vector} as distance from (
      select edition, ord, embedding from vectors
      where generation = ${scope.generation} and not unindexed and ${seen(scope)} ${condition}
      order by embedding::halfvec(${dimensions}) <=> ${scope.vector}::halfvec(${dimensions}) limit ${SCANNED}
    ) indexed`;

/** Vectors that are not in the index yet. */
const unindexedScan = (scope: Scope, condition = ''): string => `
    select edition, ord, embedding <=> ${scope.vector} as distance from vectors
    where generation = ${scope.generation} and unindexed and ${seen(scope)} ${condition}`;
