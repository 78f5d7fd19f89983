import pg from 'pg';
import type { Database } from './database.ts';
import { raise } from './raise.ts';

const TIMEOUT_MS = 6 * 3_600_000;
const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;

export type Query = <Row extends object>(text: string, params?: (string | number)[]) => Promise<Row[]>;

/**
 * Runs work that takes its time on a connection of its own, under the advisory lock of this name: one process at a time.
 * When `signal` is aborted the connection is left, and its statement under way is for the database to end.
 * @returns undefined when another process has the lock, or when the connection was left
 */
export async function alone<T>(
  { url }: Pick<Database, 'url'>,
  { lock: name, signal }: { lock: string; signal: AbortSignal | undefined },
  work: (query: Query) => Promise<T>,
): Promise<T | undefined> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true, // a database that vanished without a word would be waited for until the timeout
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    statement_timeout: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    application_name: 'warren-upkeep',
  });
  client.on('error', () => undefined); // the statement under way rejects too
  const leave = () => void client.end();
  try {
    await client.connect();
    signal?.addEventListener('abort', leave, { once: true });
    const query: Query = async <Row extends object>(text: string, params?: (string | number)[]) =>
      (await client.query<Row>(text, params)).rows;
    const [lock] = await query<{ mine: boolean }>('select pg_try_advisory_lock(hashtext($1)) as mine', [name]);
    return lock?.mine ? await work(query) : undefined;
  } catch (error) {
    if (signal?.aborted) return undefined;
    return raise(error);
  } finally {
    signal?.removeEventListener('abort', leave);
    await client.end();
  }
}
