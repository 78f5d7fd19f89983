import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import pg from 'pg';
import { freePorts } from '../../../infra/start/broker/ports.ts';
import { databaseProgram } from '../../../infra/start/supervisor/children.ts';
import { Replica } from './replica.ts';

/** The database of a run. */
export interface ChaosDatabase {
  readonly url: string;
  /** The process that may be killed or stopped; undefined for a server that is not ours. */
  readonly process: Replica | undefined;
  /** Ends all connections of the run as an operator would; a server of our own is cut at its proxies instead. */
  endConnections(): Promise<void>;
  stop(): Promise<void>;
}

export type DatabaseKind = 'pglite' | 'postgres';

interface DatabaseOptions {
  readonly database: DatabaseKind;
  /** The server of `postgres`. */
  readonly postgresUrl?: string;
  readonly dataDir: string;
  readonly crashed: (line: string) => void;
}

export async function startDatabase({ database, postgresUrl, dataDir, crashed }: DatabaseOptions) {
  if (database === 'pglite') return await startPglite(dataDir, crashed);
  if (postgresUrl === undefined) throw new Error('no Postgres server is named');
  return await usePostgres(postgresUrl);
}

/** The embedded database as a supervised process, as `npm start` runs it. */
async function startPglite(dataDir: string, crashed: (line: string) => void): Promise<ChaosDatabase> {
  const [port = 0] = await freePorts([undefined]);
  await mkdir(dataDir, { recursive: true });
  const process = new Replica(databaseProgram(dataDir, port), crashed);
  const { url = '' } = await process.start();
  return { url, process, endConnections: async () => undefined, stop: async () => process.abandon() };
}

/** A database of this run's own on a Postgres server with pgvector. */
async function usePostgres(server: string): Promise<ChaosDatabase> {
  const name = `warren_chaos_${randomBytes(6).toString('hex')}`;
  const on = async (statement: string) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await on(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    process: undefined,
    endConnections: () => on(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`),
    stop: () => on(`drop database if exists ${name} with (force)`),
  };
}
