import type { Socket } from 'node:net';
import { expect } from 'chai';
import pg from 'pg';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../infra/database/server.ts';

const SET_UP_MS = 60_000;
const MB = 1024 * 1024;
const IDLE_MS = 300;

describe('the embedded database', () => {
  let database: EmbeddedDatabase;
  const clients: pg.Client[] = [];

  before(async function () {
    this.timeout(SET_UP_MS);
    database = await startEmbeddedDatabase({ memory: true, idleInTransactionMs: IDLE_MS });
  });
  after(() => database?.stop());
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined)));
  });

  const client = async (): Promise<pg.Client> => {
    const made = new pg.Client({ connectionString: database.url, pipeline: true });
    made.on('error', () => undefined); // connections are cut here on purpose; statements reject
    clients.push(made);
    await made.connect();
    return made;
  };
  const count = async (table: string): Promise<number> => {
    const { rows } = await (await client()).query<{ n: number }>(`select count(*)::int as n from ${table}`);
    return rows[0]?.n ?? -1;
  };

  it('keeps the unnamed statements and transactions of eight clients apart', async function () {
    this.timeout(SET_UP_MS);
    await (await client()).query('create table hammered (client int, round int)');
    const rounds = 40;
    const committed = await Promise.all(
      Array.from({ length: 8 }, async (_, id) => {
        const own = await client();
        let rows = 0;
        for (let round = 0; round < rounds; round += 1) rows += await hammer(own, id, round);
        return rows;
      }),
    );
    expect(committed.every((rows) => rows > 0)).to.equal(true);
    expect(await count('hammered')).to.equal(committed.reduce((sum, rows) => sum + rows, 0));
  });

  /** One round of one client: different statements, one that fails, a transaction. @returns rows committed */
  async function hammer(own: pg.Client, id: number, round: number): Promise<number> {
    const columns = Array.from({ length: 1 + ((id + round) % 5) }, (_, index) => `$${index + 1}::text as c${index}`);
    const values = columns.map((_, index) => `${id}.${round}.${index}`);
    const [echo, , text] = await Promise.all([
      own.query({ text: `select ${columns.join(', ')}`, values, rowMode: 'array' }),
      own.query('select 1 / $1::int as n', [round % 7 === 0 ? 0 : 1]).catch((error: Error) => error),
      own.query(`select '${id}' as id`),
    ]);
    expect(echo.rows).to.deep.equal([values]);
    expect(text.rows).to.deep.equal([{ id: String(id) }]);
    const keep = (id + round) % 3 !== 0;
    await own.query('begin');
    await Promise.all([
      own.query('insert into hammered values ($1, $2)', [id, round]),
      own.query('insert into hammered values ($1::int, $2::int)', [id, -round]),
    ]);
    const { rows } = await own.query('select count(*)::int as n from hammered where client = $1 and abs(round) = $2', [
      id,
      round,
    ]);
    expect(rows).to.deep.equal([{ n: 2 }]);
    await own.query(keep ? 'commit' : 'rollback');
    return keep ? 2 : 0;
  }

  it('rolls back the transaction of a client that hangs up, and lets the others go on', async () => {
    await (await client()).query('create table torn (n int)');
    const doomed = await client();
    await doomed.query('begin');
    await doomed.query('insert into torn values (1)');
    const other = (await client()).query('insert into torn values (2)'); // waits for the transaction
    socketOf(doomed).destroy();
    await other;
    expect(await count('torn')).to.equal(1);
  });

  it('drops what a client that hung up had still in the queue', async () => {
    await (await client()).query('create table queued (n int)');
    const [holder, doomed] = [await client(), await client()];
    await holder.query('begin');
    const lost = doomed.query('insert into queued values (1)').catch((error: Error) => error);
    await holder.query('select 1');
    socketOf(doomed).destroy();
    expect(await lost).to.be.instanceOf(Error);
    await holder.query('select 1');
    await holder.query('commit');
    expect(await count('queued')).to.equal(0);
  });

  it('cuts a client off that leaves a transaction open', async () => {
    await (await client()).query('create table idle (n int)');
    const sleeper = await client();
    await sleeper.query('begin');
    await sleeper.query('insert into idle values (1)');
    const [fate] = await Promise.all([
      new Promise<Error>((resolve) => sleeper.once('error', resolve)),
      new Promise((resolve) => sleeper.once('end', resolve)),
    ]);
    expect(fate.message).to.equal(`transaction idle for ${IDLE_MS} ms`);
    expect(await count('idle')).to.equal(0);
  });

  it('goes on after a failed statement in the middle of a pipeline', async () => {
    const own = await client();
    const outcomes = await Promise.allSettled([
      own.query('select 1 as n'),
      own.query('select nonsense from nowhere where x = $1', [1]),
      own.query('select $1::int as n', [2]),
      own.query('selec'),
      own.query('select $1::int as n', [3]),
    ]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  it('takes and gives large values whole, among other traffic', async () => {
    const large = Buffer.alloc(8 * MB, 'abcdefghij');
    const [own, other] = [await client(), await client()];
    await own.query('create table large (content bytea)');
    const noise = Promise.all(Array.from({ length: 50 }, (_, n) => other.query('select $1::int as n', [n])));
    await own.query('insert into large values ($1)', [large]);
    const { rows } = await own.query<{ content: Buffer; size: number }>(
      'select content, length(content) as size from large',
    );
    expect(rows[0]?.size).to.equal(large.length);
    expect(rows[0]?.content.equals(large)).to.equal(true);
    expect((await noise).map((result) => result.rows[0]?.n)).to.deep.equal(Array.from({ length: 50 }, (_, n) => n));
  });

  it('is closed to a wrong password', async () => {
    const url = new URL(database.url);
    url.password = 'guess';
    const stranger = new pg.Client({ connectionString: url.href });
    const outcome = await stranger.connect().then(
      () => 'let in',
      (error: Error) => error.message,
    );
    expect(outcome).to.equal('wrong password');
  });
});

const socketOf = (client: pg.Client): Socket =>
  (client as unknown as { connection: { stream: Socket } }).connection.stream;
