import { CANDIDATES, type Scope, seen } from './scope.ts';

/** BM25's usual constants: how soon a repeated word stops counting, and how much long passages are held back. */
const K1 = 1.2;
const B = 0.75;

/** A term in more passages than this is common: its occurrences are counted ahead. */
export const COMMON = 1_000;
/** Occurrences that a search by words reads: of each term as many, but at least so many. */
const READ = 3_000;
const LEAST_READ = 300;
/** Half of it will do where vectors say most. */
const SHARE_BESIDE_VECTORS = 0.5;
/** Passages that are scored in full because they do best by what was read. */
const LIKELY = 100;
/** Of a longer query, the rarest. */
const MAX_TERMS = 64;

/** What an occurrence is worth, as near as can be said without the mean length of the passages; postings are kept in this order. */
const IMPACT = '((tf::int * 100000) / (tf::int * 100 + 30 + postings.words * 9 / 10))';

const NONE = `worded as materialized (
  select null::bigint as edition, null::int as ord, null::float8 as score where false
)`;

/** The best passages by BM25 over the terms of `words`. */
export function worded(scope: Scope, words: string | undefined): string {
  if (words === undefined) return NONE;
  return scope.counted ? inPart(scope, words) : inFull(scope, words);
}

const idf = (passages: string) => `ln(1 + (${passages} - df + 0.5) / (df + 0.5))`;

const gain = (words: string) =>
  `sum(idf * tf * ${K1 + 1} / (tf + ${K1} * (${1 - B} + ${B} * (${words} / average.words))))`;

const terms = (words: string) => `unnest(to_tsvector((select language from collection), ${words}))`;

/** All passages with one of the terms are scored; document frequencies are those among the passages that can be seen. */
const inFull = (scope: Scope, words: string): string => `average as materialized (
  select sum(passages)::float8 as passages, (sum(words) / nullif(sum(passages), 0))::float8 as words from live
),
hits as materialized (
  select term, edition, ord, tf, words from postings
  where collection_id = ${scope.id} and term = any (array(select lexeme from ${terms(words)})) and ${seen(scope)}
),
weights as materialized (
  select term, ${idf('average.passages')} as idf
  from (select term, count(*) as df from hits group by term) counted, average
),
worded as materialized (
  select edition, ord, ${gain('hits.words')} as score
  from hits join weights using (term), average
  group by edition, ord order by score desc, edition, ord limit ${CANDIDATES}
)`;

/**
 * The same for a large collection, where common terms occur too often to score every occurrence. Of each term the
 * occurrences of most impact are read. The passages that do best by these, and the ones nearest to the query by meaning,
 * are then scored in full. Document frequencies are those of the whole collection.
 */
function inPart(scope: Scope, words: string): string {
  const share = scope.vector === undefined ? 1 : SHARE_BESIDE_VECTORS;
  return `average as materialized (
  select passages::float8 as passages, words::float8 / passages as words
  from vocabularies where collection_id = ${scope.id}
),
counted as materialized (
  select lexeme as term, coalesce(known.passages, (
    select count(*) from postings where collection_id = ${scope.id} and postings.term = lexeme
  )) as df
  from ${terms(words)} left join common_terms known on known.collection_id = ${scope.id} and known.term = lexeme
),
asked as materialized (
  select term, ${idf('greatest(average.passages, df)')} as idf, depth, df > depth as cut
  from counted, average, (
    select greatest(${share * LEAST_READ}, ${share * READ} / count(*))::bigint as depth from counted where df > 0
  ) reading
  where df > 0 order by df limit ${MAX_TERMS}
),
telling as materialized (
  select idf, cut, occurrence.* from asked cross join lateral (
    select edition, ord, tf, words from postings
    where collection_id = ${scope.id} and term = asked.term and ${seen(scope)}
    order by ${IMPACT} desc limit depth
  ) occurrence
),
likely as materialized (
  (
    select edition, ord from telling, average
    group by edition, ord order by ${gain('telling.words')} desc, edition, ord limit ${LIKELY}
  )
  union select edition, ord from near
),
worded as materialized (
  select edition, ord, ${gain('known.words')} as score
  from (
    select edition, ord, idf, tf, words from likely join telling using (edition, ord) where not cut
    union all
    select edition, ord, idf, tf, words from (
      select postings.* from likely cross join lateral (
        select * from postings
        where postings.edition = likely.edition and postings.ord = likely.ord
          and term = any (array(select term from asked where cut))
        offset 0
      ) postings
    ) occurrences join asked using (term)
  ) known, average
  group by edition, ord order by score desc, edition, ord limit ${CANDIDATES}
)`;
}
