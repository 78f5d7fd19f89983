import type { Filter } from '../../../shared/messages/filter.ts';
import type { SearchMode } from '../../../shared/messages/inputs.ts';
import type { Collection } from '../../../shared/store/collections.ts';
import type { Database } from '../../../shared/store/database.ts';
import { filterPath } from '../../../shared/store/filter.ts';
import { searchPassages } from '../../../shared/store/search.ts';
import { vectorText } from '../../../shared/store/vector.ts';
import { quantile } from '../../support/quantiles.ts';

/** Its vector in base64, as queries travel. */
export interface Question {
  readonly text: string;
  readonly vector: string;
}

export interface Asked {
  readonly name: string;
  readonly mode: SearchMode;
  readonly filter?: Filter;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

const TOP_K = 10;

const search = (db: Database, { owner, name }: Collection, { mode, filter }: Asked, { text, vector }: Question) =>
  searchPassages(db, {
    ...{ owner, collection: name, query: text, mode, top_k: TOP_K, filter },
    ...(mode === 'text' ? {} : { vector }),
  });

/** Milliseconds of searches by so many clients at once, each of which asks as soon as it has its answer. */
export async function latency(
  db: Database,
  collection: Collection,
  asked: Asked,
  questions: readonly Question[],
  { clients, searches }: { clients: number; searches: number },
): Promise<Latency> {
  const times: number[] = [];
  let next = 0;
  const client = async () => {
    for (let turn = next++; turn < searches; turn = next++) {
      const begun = performance.now();
      await search(db, collection, asked, questions[turn % questions.length] as Question);
      times.push(performance.now() - begun);
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - begun) / 1000;
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), perSecond: searches / seconds };
}

/** Share of the ten nearest passages, as an exact scan finds them, that a search by vector finds. */
export async function recall(
  db: Database,
  collection: Collection,
  filter: Filter | undefined,
  questions: readonly Question[],
): Promise<number> {
  const shares: number[] = [];
  for (const question of questions) {
    const asked: Asked = { name: '', mode: 'vector', ...(filter === undefined ? {} : { filter }) };
    const found = new Set((await search(db, collection, asked, question)).map(({ passage_id }) => passage_id));
    const exact = await nearest(db, collection, filter, question);
    shares.push(exact.filter((id) => found.has(id)).length / exact.length);
  }
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

async function nearest(db: Database, { generation }: Collection, filter: Filter | undefined, { vector }: Question) {
  const rows = await db.query<{ id: string }>(
    `select p.id from (
       select v.edition, v.ord, v.embedding <=> $1::vector as distance
       from vectors v join editions e on e.no = v.edition
       where v.generation = $2::int and ($3::jsonpath is null or e.metadata @@ $3::jsonpath)
     ) scanned join passages p using (edition, ord)
     order by distance limit ${TOP_K}`,
    [vectorText(vector)?.text ?? null, generation, filter === undefined ? null : filterPath(filter)],
  );
  return rows.map(({ id }) => id);
}
