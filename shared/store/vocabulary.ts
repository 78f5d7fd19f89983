import type { Query } from './alone.ts';
import { COMMON } from './search/worded.ts';

/*
 * The vocabulary of a large collection: how much is in it, and in how many passages its common terms occur. Counting them
 * for every search would take longer than the search. Weights of terms hardly change while a collection grows by a fifth.
 */

/** Share by which a collection must have changed to be counted again. */
const STALE = 0.2;

/** Ids of collections that have more passages than the threshold, and changed since they were counted (or never were). */
export async function uncountedCollections(query: Query, threshold: number): Promise<number[]> {
  const rows = await query<{ id: number }>(
    `select live.collection_id as id
     from (
       select collection_id, sum(passages)::int as passages from editions
       where status in ('searchable', 'partial') group by collection_id
     ) live
     left join vocabularies counted using (collection_id)
     where live.passages > case when counted.collection_id is null then $1::int else 0 end
       and abs(live.passages - coalesce(counted.passages, 0)) > ${STALE} * coalesce(counted.passages, 0)
     order by 1`,
    [threshold],
  );
  return rows.map(({ id }) => id);
}

/** Counts a collection; nothing happens when it is gone. Searches see the old count or the new one. */
export async function countVocabulary(query: Query, collection: number): Promise<void> {
  await query('begin');
  await query('delete from vocabularies where collection_id = $1::int', [collection]);
  await query(
    `with counted as (
       insert into vocabularies (collection_id, passages, words)
       select c.id, sum(e.passages), sum(e.words) from collections c join editions e on e.collection_id = c.id
       where c.id = $1::int and e.status in ('searchable', 'partial')
       group by c.id having sum(e.passages) > 0
       returning collection_id
     )
     insert into common_terms (collection_id, term, passages)
     select collection_id, term, count(*) from counted join postings using (collection_id)
     group by 1, 2 having count(*) > ${COMMON}`,
    [collection],
  );
  await query('commit');
}
