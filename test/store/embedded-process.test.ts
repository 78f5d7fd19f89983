import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import { type Database, openDatabase } from '../../shared/store/database.ts';
import { appendEvents, eventsAfter } from '../../shared/store/events.ts';
import { migrate } from '../../shared/store/migrate.ts';
import { sampleEvent } from './samples.ts';

const MAIN = fileURLToPath(new URL('../../infra/database/main.ts', import.meta.url));
const NODE_OPTIONS = ['--import', 'tsx'];
const SET_UP_MS = 120_000;

describe('the embedded database as a process', function () {
  this.timeout(SET_UP_MS);
  let folder: string;
  const children: ChildProcess[] = [];
  const databases: Database[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warren-database-'));
  });
  after(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  afterEach(async () => {
    await Promise.all(databases.splice(0).map((db) => db.close()));
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  const launch = (): ChildProcess => {
    const child = fork(MAIN, ['--data', folder], {
      execArgv: NODE_OPTIONS,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    children.push(child);
    return child;
  };
  const start = async () => {
    const child = launch();
    const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }) as { code: number; signal: string });
    const [ready] = await Promise.race([
      once(child, 'message') as Promise<[{ type: string; url: string }]>,
      exited.then(({ code }) => Promise.reject(new Error(`exit code ${code} before it was ready`))),
    ]);
    expect(ready.type).to.equal('ready');
    const db = openDatabase({ url: ready.url });
    databases.push(db);
    return { child, db, exited, url: ready.url };
  };
  const seqs = async (db: Database, job: string) => (await eventsAfter(db, job, 0, 100_000)).map(({ seq }) => seq);

  it('keeps every committed row through kill -9 in the middle of writing, and no half of a transaction', async () => {
    const { child, db, exited, url } = await start();
    await migrate(db);
    const job = newId('job');
    const committed: number[] = [];
    const write = async () => {
      for (let first = 1; ; first += 5) {
        const five = Array.from({ length: 5 }, (_, index) =>
          sampleEvent(job, first + index, { text: 'x'.repeat(500) }),
        );
        await db.transaction((tx) => appendEvents(tx, five));
        committed.push(...five.map(({ seq }) => seq));
        if (first === 501) child.kill('SIGKILL');
      }
    };
    expect(await write().catch((error: Error) => error.name)).to.equal('StoreUnavailableError');
    expect((await exited).signal).to.equal('SIGKILL');

    const again = await start();
    expect(new URL(again.url).password).to.equal(new URL(url).password);
    const kept = await seqs(again.db, job);
    expect(kept.slice(0, committed.length)).to.deep.equal(committed);
    expect(kept.length % 5, 'whole transactions only').to.equal(0);
    expect(kept.length).to.be.at.most(committed.length + 5);
    again.child.kill('SIGTERM');
    expect(await again.exited).to.deep.equal({ code: 0, signal: null });
  });

  it('keeps its password from others', async () => {
    const { mode } = await stat(join(folder, 'password'));
    expect(mode & 0o777).to.equal(0o600);
  });

  it('has its folder for itself', async () => {
    const { db } = await start();
    const second = launch();
    const said: Buffer[] = [];
    second.stderr?.on('data', (bytes) => said.push(bytes));
    const [code] = await once(second, 'close');
    expect(code).to.equal(1);
    expect(Buffer.concat(said).toString()).to.include('another process uses the database');
    await db.ping();
  });

  it('takes JSON nested deeper than JSON.stringify can make it', async () => {
    const { db } = await start();
    const depth = 20_000;
    expect(() => JSON.stringify(JSON.parse(nested(depth)))).to.throw(RangeError);
    const rows = await db.query('select length($1::json::text) as json, length($1::jsonb::text) as jsonb', [
      nested(depth),
    ]);
    expect(rows).to.deep.equal([{ json: 2 * depth, jsonb: 2 * depth }]);
  });

  it('ends when its parent was killed, even in the middle of a long statement', async () => {
    const parent = spawn(process.execPath, ['-e', PARENT, MAIN, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(parent);
    const [line] = await once(parent.stdout, 'data');
    const db = openDatabase({ url: String(line).trim() });
    databases.push(db);
    await db.ping();
    void db.query('select count(*) from generate_series(1, 1000000000)').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    parent.kill('SIGKILL');
    while (await accepts(db.url)) await new Promise((resolve) => setTimeout(resolve, 20));
    const { db: next } = await start(); // the folder is free
    await next.ping();
  });

  it('ends, rather than hang, when its engine died, and comes back with its data', async () => {
    const { db, exited } = await start();
    await db.query('create table kept (n int)');
    await db.query('insert into kept values (1)');
    // The one statement known to kill PGlite: it waits for data that cannot come while it waits.
    await db.query('copy kept from stdin').catch(() => undefined);
    expect((await exited).code).to.equal(1);
    const again = await start();
    expect(await again.db.query('select n from kept')).to.deep.equal([{ n: 1 }]);
  });
});

/** Starts the database as its child and tells its URL once it is ready. */
const PARENT = `
  const { fork } = require('node:child_process');
  const [main, folder] = process.argv.slice(1);
  const child = fork(main, ['--data', folder], { execArgv: ['--import', 'tsx'] });
  child.once('message', ({ url }) => console.log(url));
`;

const accepts = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
