import pg from 'pg';
import type { Logger } from 'pino';
import { cleanText } from './clean.ts';
import { StoreUnavailableError } from './errors.ts';
import { packets } from './packets.ts';
import { raise } from './raise.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** The database gives a statement up after this, the client a moment later (PGlite knows no statement timeout). */
const STATEMENT_TIMEOUT_MS = 30_000;
const QUERY_TIMEOUT_MS = 35_000;
const IDLE_IN_TRANSACTION_MS = 30_000;
const PING_TIMEOUT_MS = 2_000;
const CLOSE_TIMEOUT_MS = 5_000;
const DEFAULT_POOL_SIZE = 8;

type Scalar = string | number | boolean | Buffer | null;
/** A statement's parameter; an array becomes a Postgres array, for `unnest`. */
export type Param = Scalar | readonly Scalar[];

export interface QueryOptions {
  /**
   * Keeps the statement's plan for the life of the connection, for one that takes longer to plan than is good. Only for
   * tables that are large already: a plan made for an empty one scans it.
   */
  readonly prepared?: boolean;
}

/** Where statements may run: a database (each on its own) or a transaction. */
export interface Queryable {
  /** Runs one statement and gives its rows. @throws {StoreUnavailableError} when the database cannot be reached */
  query<Row extends object>(text: string, params?: readonly Param[], options?: QueryOptions): Promise<Row[]>;
}

/** Statements that are given without awaiting each travel together (pipelined) and still run in order. */
export interface Tx extends Queryable {
  readonly transactional: true;
}

export interface Database extends Queryable {
  readonly url: string;
  /** Commits when `work` resolves, rolls back when it rejects or any of its statements failed. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Resolves when the database answers within two seconds. @throws {StoreUnavailableError} */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** postgres:// URL. */
  readonly url: string;
  /** Connections at most (8). Each turn, and each read under way, holds one. */
  readonly poolSize?: number;
  readonly log?: Logger;
}

/** Opens a pool of connections. Nothing is connected before the first statement; lost connections are replaced by themselves. */
export function openDatabase({ url, poolSize = DEFAULT_POOL_SIZE, log }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    application_name: 'warren',
    types: { getTypeParser },
  });
  // An idle connection broke: the pool has dropped it already, and the next statement opens another.
  pool.on('error', (error) => log?.debug({ err: error }, 'an idle database connection was lost'));
  let closing: Promise<void> | undefined;
  return {
    url,
    query: (text, params, options) => run(pool, text, params, options),
    transaction: (work) => transaction(pool, work),
    ping: () => within(PING_TIMEOUT_MS, run(pool, 'select 1'), 'no answer to a ping').then(ignore),
    close: () => (closing ??= within(CLOSE_TIMEOUT_MS, pool.end(), 'connections in use at close').catch(ignore)),
  };
}

async function transaction<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch(raise);
  client.on('error', ignore); // also told by the statement under way
  let broken = true;
  try {
    const result = await attempt(client, work);
    broken = false;
    return result;
  } catch (error) {
    broken = await client.query('rollback').then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

async function attempt<T>(client: pg.PoolClient, work: (tx: Tx) => Promise<T>): Promise<T> {
  const statements: Promise<unknown>[] = [];
  const gather = packets(client);
  let cause: unknown;
  const give: Queryable['query'] = <Row extends object>(...wish: Parameters<Queryable['query']>) => {
    gather();
    // Statements after a failed one fail because of it: they all tell its error.
    const statement = run<Row>(client, ...wish).catch((error) => {
      cause ??= error;
      throw cause;
    });
    statement.catch(ignore); // whoever gave it may look at it later, or leave it to the commit
    statements.push(statement);
    return statement;
  };
  void give('begin');
  const result = await work({ transactional: true, query: give });
  if (cause !== undefined) throw cause; // it may never have reached the server, which would commit the others
  gather();
  const { command } = await client.query('commit').catch(raise);
  // The answer to COMMIT is ROLLBACK when a statement failed, also one that nobody awaited.
  if (command !== 'COMMIT') {
    await Promise.all(statements);
    throw new Error('the transaction was rolled back');
  }
  return result;
}

async function run<Row extends object>(
  on: pg.Pool | pg.PoolClient,
  text: string,
  params: readonly Param[] = [],
  { prepared = false }: QueryOptions = {},
): Promise<Row[]> {
  const name = prepared ? nameOf(text) : undefined;
  const config = { text, values: params.map(clean), ...(name === undefined ? {} : { name }) };
  const { rows } = await on.query<Row>(config).catch(raise);
  return rows;
}

/** Each takes some hundred kilobytes on each connection; those that come later than so many go without. */
const MAX_PREPARED = 64;
const preparedNames = new Map<string, string>();

function nameOf(text: string): string | undefined {
  const known = preparedNames.get(text);
  if (known !== undefined || preparedNames.size >= MAX_PREPARED) return known;
  const name = `warren_${preparedNames.size}`;
  preparedNames.set(text, name);
  return name;
}

const clean = (param: Param): Param => {
  if (typeof param === 'string') return cleanText(param);
  return Array.isArray(param) ? param.map((item) => (typeof item === 'string' ? cleanText(item) : item)) : param;
};

/** Times as RFC 3339 text and bigint as number; everything else as pg has it. */
const TIMESTAMPTZ = pg.types.builtins.TIMESTAMPTZ;
const BIGINT = pg.types.builtins.INT8;
const parseTime = pg.types.getTypeParser(TIMESTAMPTZ, 'text');
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') => {
  if (oid === TIMESTAMPTZ) return (text: string) => (parseTime(text) as Date).toISOString();
  if (oid === BIGINT) return Number;
  return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
};

async function within<T>(ms: number, work: Promise<T>, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreUnavailableError(new Error(`${message} (${ms} ms)`))), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const ignore = (): void => undefined;
