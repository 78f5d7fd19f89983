import { expect } from 'chai';
import pg from 'pg';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../infra/database/server.ts';
import { tidy } from '../../infra/database/upkeep.ts';

const SET_UP_MS = 60_000;
const CHECKPOINT_AFTER_BYTES = 1024 * 1024;

describe('the upkeep of the embedded database', () => {
  let database: EmbeddedDatabase;
  let client: pg.Client;
  before(async function () {
    this.timeout(SET_UP_MS);
    database = await startEmbeddedDatabase({ memory: true });
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  after(async () => {
    await client?.end();
    await database?.stop();
  });

  it('does nothing where nothing is to be done', async () => {
    await client.query('create table quiet (n int)');
    await client.query('insert into quiet values (1)');
    expect(await tidy(database.url, CHECKPOINT_AFTER_BYTES)).to.deep.equal({ vacuumed: [], checkpoint: false });
  });

  it('takes dead rows away and keeps the log short', async function () {
    this.timeout(SET_UP_MS);
    await client.query('create table busy (n int, text text)');
    await client.query("insert into busy select n, repeat('x', 500) from generate_series(1, 20000) n");
    for (let round = 0; round < 3; round += 1) await client.query('update busy set n = n + 1');
    await client.query('select pg_stat_force_next_flush()'); // else the counts come up to a second later
    const before = await size();
    expect(await tidy(database.url, CHECKPOINT_AFTER_BYTES)).to.deep.equal({ vacuumed: ['busy'], checkpoint: true });
    await client.query('update busy set n = n + 1');
    expect(await size(), 'room of dead rows is used again').to.equal(before);
  });

  const size = async (): Promise<number> =>
    Number((await client.query("select pg_relation_size('busy') as size")).rows[0]?.size);
});
