import { chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePorts } from '../../../../infra/start/broker/ports.ts';
import { INSIDE_ENV } from '../machine/debian.ts';
import { Part } from '../machine/part.ts';
import type { Place } from './system.ts';

const BIN = '/usr/lib/postgresql/17/bin';
const INIT_TIMEOUT_MS = 60_000;
/** Postgres refuses to run as root. */
const AS_POSTGRES = ['/usr/bin/setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] as const;

export interface Postgres {
  readonly part: Part;
  readonly url: string;
}

/** A Postgres with the settings it comes with. */
export async function startPostgres({ debian, folder }: Place): Promise<Postgres> {
  const [port = 0] = await freePorts([undefined]);
  const data = join(folder, 'postgres');
  mkdirSync(data, { mode: 0o700 });
  chownSync(data, ...idsOf(debian.tools.root));
  const [setpriv, ...dropping] = AS_POSTGRES;
  const command = (program: string, ...args: string[]) =>
    debian.command(setpriv, ...dropping, `${BIN}/${program}`, '-D', debian.inside(data), ...args);
  const making = new Part({
    role: 'initdb',
    command: command('initdb', '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'),
    env: INSIDE_ENV,
    log: join(folder, 'initdb.log'),
  });
  await making.done(INIT_TIMEOUT_MS);
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '' };
  const part = new Part({
    role: 'database',
    command: command('postgres', ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])),
    env: INSIDE_ENV,
    log: join(folder, 'postgres.log'),
  });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await part.until(() => answers(url));
  return { part, url };
}

/** It listens a while before it takes anybody in. */
async function answers(url: string): Promise<boolean> {
  const client = new Client(url);
  await client.connect();
  await client.end();
  return true;
}

/** Of the user `postgres` in that file tree. */
function idsOf(root: string): [number, number] {
  const line = readFileSync(join(root, 'etc/passwd'), 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('postgres:'));
  const [, , user, group] = line?.split(':') ?? [];
  if (user === undefined || group === undefined) throw new Error(`there is no user postgres in ${root}`);
  return [Number(user), Number(group)];
}
