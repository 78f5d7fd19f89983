import { alone, type Query } from './alone.ts';
import type { Database } from './database.ts';
import { indexChores, tendIndexes } from './vector-index.ts';
import { countVocabulary, uncountedCollections } from './vocabulary.ts';

/** The first pgvector with scans that go on until enough of what they find is wanted. */
const PGVECTOR = [0, 8] as const;

const LOCK = 'warren upkeep';

/** What was done: names of indexes, ids of collections. */
export interface Tended {
  readonly dropped: readonly string[];
  readonly built: readonly string[];
  readonly counted: readonly number[];
}

const NOTHING: Tended = { dropped: [], built: [], counted: [] };

/**
 * Sees to what searches in large collections need: an index of the vectors where there are more than `threshold`, and a
 * counted vocabulary where there are more passages. Does nothing when another process is at it, and on PGlite, where it
 * would hold up everybody for minutes. Takes as long as it takes; when `signal` is aborted it leaves the rest to the
 * database.
 */
export async function tendLargeCollections(
  db: Database,
  { threshold, signal }: { threshold: number; signal?: AbortSignal | undefined },
): Promise<Tended> {
  if (!(await isServer(db))) return NOTHING;
  const [chores, uncounted] = await Promise.all([
    indexChores(db.query, threshold),
    uncountedCollections(db.query, threshold),
  ]);
  if (chores.drop.length + chores.build.length + uncounted.length === 0) return NOTHING;
  return (await alone(db, { lock: LOCK, signal }, (query) => tend(query, threshold))) ?? NOTHING;
}

/** Looks again, now that nobody else does anything. */
async function tend(query: Query, threshold: number): Promise<Tended> {
  const counted = await uncountedCollections(query, threshold);
  for (const collection of counted) await countVocabulary(query, collection);
  return { ...(await tendIndexes(query, threshold)), counted };
}

async function isServer(db: Database): Promise<boolean> {
  const [engine] = await db.query<{ name: string; pgvector: string }>(
    `select version() as name, extversion as pgvector from pg_extension where extname = 'vector'`,
  );
  if (engine === undefined || engine.name.includes('PGlite')) return false;
  const [major = 0, minor = 0] = engine.pgvector.split('.').map(Number);
  return major > PGVECTOR[0] || minor >= PGVECTOR[1];
}
