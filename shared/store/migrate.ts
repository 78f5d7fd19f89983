import { Kysely, type Migration, Migrator, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from 'pino';
import type { Database } from './database.ts';
import { StoreUnavailableError } from './errors.ts';
import * as firstTables from './migrations/001-first-tables.ts';
import * as shares from './migrations/002-shares.ts';
import * as generations from './migrations/003-generations.ts';
import * as knownContent from './migrations/004-known-content.ts';
import * as searchIndexes from './migrations/005-search-indexes.ts';
import * as vocabularies from './migrations/006-vocabularies.ts';
import * as unindexedVectors from './migrations/007-unindexed-vectors.ts';
import * as leftovers from './migrations/008-leftovers.ts';

/** In order; a name once released never changes. */
const MIGRATIONS: Record<string, Migration> = {
  '001-first-tables': firstTables,
  '002-shares': shares,
  '003-generations': generations,
  '004-known-content': knownContent,
  '005-search-indexes': searchIndexes,
  '006-vocabularies': vocabularies,
  '007-unindexed-vectors': unindexedVectors,
  '008-leftovers': leftovers,
};

/**
 * Brings the tables up to date, all or nothing. Concurrent callers wait for each other: on Postgres by an advisory lock,
 * on PGlite (whose clients share one session, so that such a lock holds nobody) by the transaction.
 * @returns the names of the migrations that were carried out
 */
export async function migrate({ url }: Pick<Database, 'url'>, log?: Logger): Promise<string[]> {
  const pool = new pg.Pool({ connectionString: url, max: 1, application_name: 'warren-migrate' });
  pool.on('error', () => undefined); // the statement under way rejects too
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
    const done = results.map(({ migrationName }) => migrationName);
    if (done.length > 0) log?.info({ migrations: done }, 'the database was brought up to date');
    return done;
  } catch (error) {
    if (error instanceof pg.DatabaseError || !isNetworkError(error)) throw error;
    throw new StoreUnavailableError(error);
  } finally {
    await db.destroy();
  }
}

const isNetworkError = (error: unknown): boolean =>
  error instanceof Error && ('syscall' in error || /connection|timeout/i.test(error.message));
