import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { Connection } from './connection.ts';
import { Engine } from './engine.ts';
import { lockFolder } from './folder-lock.ts';
import { openPglite } from './pglite.ts';

const HOST = '127.0.0.1';
const USER = 'warren';
const PASSWORD_BYTES = 18;
const MODE_PRIVATE = 0o600;
const IDLE_IN_TRANSACTION_MS = 30_000;

export interface EmbeddedDatabaseOptions {
  /** Folder of the data, made when missing; or `memory`: true for one that dies with the process. */
  readonly dataDir?: string;
  readonly memory?: boolean;
  /** TCP port on loopback; 0 (default) for any free one. */
  readonly port?: number;
  /** Of its only user; default is one that is made with the folder and stays. */
  readonly password?: string;
  /** With `memory`: a dump of a data folder to begin with. */
  readonly template?: Blob;
  /** A client whose open transaction says nothing for this long is cut off (30 s). */
  readonly idleInTransactionMs?: number;
  /** The engine died inside and nothing can be done with it: default is to end the process, whose supervisor starts it anew. */
  readonly onCrash?: (error: unknown) => void;
}

export interface EmbeddedDatabase {
  /** postgres:// URL with its password. */
  readonly url: string;
  /** Closes connections, rolls open transactions back, writes everything to disk. Idempotent. */
  stop(): Promise<void>;
  /** Everything in the database, as a `template` for others. */
  dump(): Promise<Blob>;
}

/** Starts Postgres inside this process and serves it on a loopback port to many clients at once. */
export async function startEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const {
    dataDir,
    memory = false,
    port = 0,
    template,
    onCrash = endProcess,
    idleInTransactionMs = IDLE_IN_TRANSACTION_MS,
  } = options;
  if ((dataDir === undefined) !== memory) throw new TypeError('give either dataDir or memory: true');
  const folder = dataDir === undefined ? undefined : await openFolder(dataDir);
  const pglite = await openPglite({ dataDir: folder?.data, template }, onCrash).catch(async (error) => {
    await folder?.unlock();
    throw error;
  });
  const password = options.password ?? folder?.password ?? newPassword();
  const sockets = new Set<Socket>();
  const engine = new Engine(pglite, { onCrash, idleInTransactionMs });
  const door = { password, settings: await settingsOf(pglite) };
  let clients = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    clients += 1;
    new Connection(socket, clients, door, engine);
  });
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await Promise.all([closed, engine.close()]);
    await pglite.close();
    await folder?.unlock();
  };
  await listen(server, port).catch(async (error) => {
    await stop();
    throw error;
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `postgres://${USER}:${password}@${HOST}:${bound}/postgres`,
    stop: () => (stopping ??= stop()),
    dump: () => pglite.dumpDataDir('none'),
  };
}

/** The folder's lock, the place of the data, and the password, which stays the same over restarts. */
async function openFolder(dataDir: string) {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(dataDir);
  const file = join(dataDir, 'password');
  const known = await readFile(file, 'utf8').catch(() => '');
  const password = known === '' ? newPassword() : known;
  if (known === '') await writeFile(file, password, { mode: MODE_PRIVATE });
  await chmod(file, MODE_PRIVATE);
  return { unlock, password, data: join(dataDir, 'pgdata') };
}

const newPassword = (): string => randomBytes(PASSWORD_BYTES).toString('base64url');

const TOLD = [
  'server_version',
  'server_encoding',
  'client_encoding',
  'DateStyle',
  'TimeZone',
  'integer_datetimes',
  'standard_conforming_strings',
];

async function settingsOf(pglite: PGlite): Promise<Record<string, string>> {
  const { rows } = await pglite.query<{ name: string; value: string }>(
    'select name, current_setting(name) as value from unnest($1::text[]) as name',
    [TOLD],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });

function endProcess(error: unknown): never {
  console.error('the embedded database broke down', error);
  process.exit(1);
}
