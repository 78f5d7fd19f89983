import { expect } from 'chai';
import pg from 'pg';
import { startEmbeddedDatabase } from '../../infra/database/server.ts';
import { openDatabase } from '../../shared/store/database.ts';
import { StoreTimeoutError, StoreUnavailableError } from '../../shared/store/errors.ts';
import { migrate } from '../../shared/store/migrate.ts';
import { raise } from '../../shared/store/raise.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { MEASURED_AGAIN } from '../support/measured.ts';
import { rejected } from '../support/rejected.ts';
import { silentServer } from '../support/silent-server.ts';

const SET_UP_MS = 120_000;

describe('a database', () => {
  let fresh: FreshDatabase;
  before(async function () {
    this.timeout(SET_UP_MS);
    fresh = await freshDatabase();
    await fresh.db.query('create table notes (n int primary key, text text)');
  });
  after(() => fresh?.drop());
  const numbers = async () => (await fresh.db.query<{ n: number }>('select n from notes order by n')).map(({ n }) => n);
  beforeEach(() => fresh.db.query('delete from notes'));

  it('commits what a transaction wrote, statements in their order', async () => {
    const result = await fresh.db.transaction(async (tx) => {
      await Promise.all([
        tx.query('insert into notes values (1)'),
        tx.query('insert into notes select max(n) + 1 from notes'),
        tx.query('insert into notes select max(n) + 1 from notes'),
      ]);
      return 'done';
    });
    expect(result).to.equal('done');
    expect(await numbers()).to.deep.equal([1, 2, 3]);
  });

  it('rolls back when the work fails, and when a statement failed that nobody awaited', async () => {
    const failing = fresh.db.transaction(async (tx) => {
      await tx.query('insert into notes values (1)');
      throw new RangeError('changed my mind');
    });
    await rejected(failing, RangeError);
    const careless = fresh.db.transaction(async (tx) => {
      void tx.query('insert into notes values (1)');
      void tx.query('insert into notes values (1)');
      void tx.query('insert into notes values (2)');
      return 'all is well';
    });
    expect((await rejected(careless, pg.DatabaseError)).message).to.match(/duplicate key/);
    expect(await numbers()).to.deep.equal([]);
  });

  it('rolls back when a statement never reached the server, though nobody awaited it', async () => {
    const unspeakable = { map: () => expect.fail('these parameters cannot be written') } as unknown as number[];
    const careless = fresh.db.transaction(async (tx) => {
      await tx.query('insert into notes values (1)');
      void tx.query('insert into notes values ($1)', unspeakable);
    });
    expect((await rejected(careless, Error)).message).to.equal('these parameters cannot be written');
    expect(await numbers()).to.deep.equal([]);
  });

  it('tells the first error of a pipeline, not that the others came after it', async () => {
    const failing = fresh.db.transaction(async (tx) => {
      const first = tx.query('insert into nowhere values (1)');
      const second = tx.query('select 1');
      await second.catch(() => undefined);
      await second;
      await first;
    });
    expect((await rejected(failing, pg.DatabaseError)).message).to.match(/nowhere/);
  });

  it('tells when the time for a statement is up, whoever says so', async () => {
    const cancelled = `do $$ begin raise exception using errcode = 'query_canceled'; end $$`;
    await rejected(fresh.db.query(cancelled), StoreTimeoutError);
    const client = new pg.Client({ connectionString: fresh.url, query_timeout: 50 });
    await client.connect();
    await rejected(client.query('select pg_sleep(0.3)').catch(raise), StoreTimeoutError);
    await client.end();
  });

  it('serves many at once with few connections', async () => {
    const db = openDatabase({ url: fresh.url, poolSize: 2 });
    try {
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => db.transaction((tx) => tx.query('insert into notes values ($1)', [n]))),
      );
    } finally {
      await db.close();
    }
    expect(await numbers()).to.have.length(20);
  });

  it('gives times as RFC 3339, big numbers as numbers and JSON as it is', async () => {
    const rows = await fresh.db.query(
      `select '2030-01-02 03:04:05.6+02'::timestamptz as t, 9007199254740991::bigint as b, '{"a":[1]}'::json as j, $1::text[] as s`,
      [['a\0b', '"', null]],
    );
    expect(rows).to.deep.equal([
      { t: '2030-01-02T01:04:05.600Z', b: Number.MAX_SAFE_INTEGER, j: { a: [1] }, s: ['a\ufffdb', '"', null] },
    ]);
  });

  it('is brought up to date once, by however many ask', async () => {
    expect(await Promise.all([migrate(fresh), migrate(fresh)])).to.deep.equal([[], []]);
  });
});

describe('a database that is lost', () => {
  it('is told quickly, by every kind of statement, and found again by itself', async function () {
    this.timeout(SET_UP_MS);
    const first = await startEmbeddedDatabase({ memory: true });
    const db = openDatabase({ url: first.url });
    try {
      await db.ping();
      const template = await first.dump();
      const broken = db.transaction(async (tx) => {
        await tx.query('select 1');
        await first.stop();
        await tx.query('select 2');
      });
      await rejected(broken, StoreUnavailableError);
      const begun = performance.now();
      await rejected(db.query('select 1'), StoreUnavailableError);
      await rejected(db.ping(), StoreUnavailableError);
      await rejected(
        db.transaction((tx) => tx.query('select 1')),
        StoreUnavailableError,
      );
      await rejected(migrate(db), StoreUnavailableError);
      expect(performance.now() - begun).to.be.lessThan(2_000);
      const { port, password } = new URL(first.url);
      const second = await startEmbeddedDatabase({ memory: true, template, port: Number(port), password });
      try {
        expect(await db.query('select 1 as n')).to.deep.equal([{ n: 1 }]);
      } finally {
        await second.stop();
      }
    } finally {
      await db.close();
      await first.stop();
    }
  }).retries(MEASURED_AGAIN);

  it('does not answer a ping for longer than two seconds', async function () {
    this.timeout(10_000);
    const silent = await silentServer();
    const db = openDatabase({ url: `postgres://x:y@127.0.0.1:${silent.port}/z` });
    const begun = performance.now();
    await rejected(db.ping(), StoreUnavailableError);
    expect(performance.now() - begun).to.be.within(1_500, 3_500);
    await silent.stop();
    await db.close();
  });
});
