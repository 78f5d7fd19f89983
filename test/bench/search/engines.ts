import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Database, openDatabase } from '../../../shared/store/database.ts';
import { migrate } from '../../../shared/store/migrate.ts';

export interface Engine {
  readonly db: Database;
  /** Resident memory of the engine's process, where it is ours. */
  memoryMb(): number | undefined;
  close(): Promise<void>;
}

const NAME = 'warren_bench_search';

/** A database of its own on a server, kept from run to run when it is to be. */
export async function postgres(server: string, keep: boolean): Promise<Engine> {
  const onServer = async (statement: string) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  if (!keep) await onServer(`drop database if exists ${NAME} with (force)`);
  await onServer(`create database ${NAME}`).catch((error: pg.DatabaseError) => {
    if (!keep || error.code !== '42P04') throw error;
  });
  const url = new URL(server);
  url.pathname = `/${NAME}`;
  const close = async () => {
    if (!keep) await onServer(`drop database ${NAME} with (force)`);
  };
  return opened(url.href, close, () => undefined);
}

/** The embedded database as `npm start` runs it: a process of its own, its data in a folder. */
export async function pglite(): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), 'warren-bench-'));
  const program = new URL('../../../infra/database/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', program, '--data', folder], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  const close = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  };
  return opened(url, close, () => residentMb(child.pid));
}

async function opened(url: string, stop: () => Promise<void>, memoryMb: Engine['memoryMb']): Promise<Engine> {
  await migrate({ url });
  const db = openDatabase({ url });
  return { db, memoryMb, close: () => db.close().then(stop) };
}

const KB_A_MB = 1024;

function residentMb(pid: number | undefined): number | undefined {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kb = /VmRSS:\s+(\d+)/.exec(status)?.[1];
  return kb === undefined ? undefined : Math.round(Number(kb) / KB_A_MB);
}
