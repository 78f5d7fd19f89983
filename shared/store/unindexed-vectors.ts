import { alone, type Query } from './alone.ts';
import type { Database } from './database.ts';

/** Taken into their index in one statement, in about a quarter of a second: who deletes one of them waits for as long. */
const BATCH = 50;
const LOCK = 'warren unindexed vectors';

/*
 * Finding a vector's place in an HNSW graph takes milliseconds, too long for the turn that stores it: every other job of
 * the turn would wait. So vectors of a generation that has an index are stored without a place in it, found by a scan
 * meanwhile, and taken in here.
 */
const TAKE_IN = `
  with taken as (
    select generation, edition, ord from vectors where unindexed
    order by generation limit ${BATCH} for update skip locked
  )
  update vectors v set unindexed = false from taken
  where (v.generation, v.edition, v.ord) = (taken.generation, taken.edition, taken.ord)
  returning v.ord`;

/**
 * Takes vectors that were stored beside their index into it until none is left. Does nothing when another process is at
 * it. Stops behind a batch when `signal` is aborted.
 * @returns how many
 */
export async function indexVectors(db: Database, signal?: AbortSignal): Promise<number> {
  const [found] = await db.query<{ some: boolean }>('select exists (select from vectors where unindexed) as some');
  if (found?.some !== true) return 0;
  return (await alone(db, { lock: LOCK, signal }, (query) => takeIn(query, signal))) ?? 0;
}

async function takeIn(query: Query, signal: AbortSignal | undefined): Promise<number> {
  // What a crash of the database takes back is taken in again.
  await query('set synchronous_commit = off');
  let taken = 0;
  for (let count = BATCH; count > 0 && signal?.aborted !== true; taken += count) {
    count = (await query(TAKE_IN)).length;
  }
  return taken;
}
