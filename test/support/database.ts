import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../infra/database/server.ts';
import { type Database, openDatabase } from '../../shared/store/database.ts';
import { migrate } from '../../shared/store/migrate.ts';

export interface FreshDatabase {
  readonly url: string;
  readonly db: Database;
  /** Closes `db` and removes the database. Idempotent. */
  drop(): Promise<void>;
}

/**
 * A server with Postgres 15+ and pgvector on which tests may make databases of their own (they touch no other there);
 * without it PGlite in memory serves.
 */
export const POSTGRES_URL = process.env.TEST_DATABASE_URL ?? process.env.DATABASE_URL;

/** A database of one's own, with all tables: on that server when it is given, else PGlite in memory. */
export const freshDatabase = (): Promise<FreshDatabase> =>
  POSTGRES_URL === undefined ? freshPglite() : freshPostgres(POSTGRES_URL);

/** Making a database takes PGlite seconds, copying one a fraction: the first of a process is the model of the others. */
let template: Promise<Blob> | undefined;

export async function freshPglite(): Promise<FreshDatabase> {
  template ??= makeTemplate();
  return opened(await startEmbeddedDatabase({ memory: true, template: await template }));
}

async function makeTemplate(): Promise<Blob> {
  const database = await startEmbeddedDatabase({ memory: true });
  try {
    await migrate(database);
    return await database.dump();
  } finally {
    await database.stop();
  }
}

export async function freshPostgres(server: string): Promise<FreshDatabase> {
  const name = `warren_test_${randomBytes(6).toString('hex')}`;
  await onServer(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  await migrate({ url: url.href });
  return opened({ url: url.href, stop: () => onServer(server, `drop database if exists ${name} with (force)`) });
}

function opened({ url, stop }: Pick<EmbeddedDatabase, 'url' | 'stop'>): FreshDatabase {
  const db = openDatabase({ url });
  let dropped: Promise<void> | undefined;
  return { url, db, drop: () => (dropped ??= db.close().then(stop)) };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
