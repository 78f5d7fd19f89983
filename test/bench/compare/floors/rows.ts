import { Client } from 'pg';
import { closedLoop } from '../load/loops.ts';
import type { Figures } from '../phases/phase.ts';
import { timesOf } from '../phases/times.ts';
import { startPostgres } from '../systems/postgres.ts';
import { cpuFrom, type Floor } from './floor.ts';

const BATCH = 100;
const TABLE = 'create table jobs (id bigint generated always as identity primary key, body json not null)';
const INSERT = 'insert into jobs (body) select body::json from unnest($1::text[]) as given (body)';
const BODY = JSON.stringify({ type: 'embed', input: { texts: ['a short text'] }, result: [0.5, 0.5, 0.5, 0.5] });

/** Rows written to Postgres over one connection, a transaction for each, and for a hundred of them. */
export const rows: Floor = {
  name: 'rows',
  async run(stage) {
    const { part, url } = await startPostgres(stage);
    const client = new Client(url);
    await client.connect();
    const written = async (batch: number): Promise<Figures> => {
      const bodies = Array<string>(batch).fill(BODY);
      const cpu = cpuFrom([part], true);
      const timed = await closedLoop([client], { ms: stage.loopMs }, (one) => one.query(INSERT, [bodies]));
      const count = timed.times.length * batch;
      const key = `rows.${batch}`;
      return { ...timesOf(key, timed), [`${key}.rate`]: count / timed.seconds, [`${key}.cpu`]: cpu() / count };
    };
    try {
      await client.query(TABLE);
      await written(BATCH); // warm
      return { ...(await written(1)), ...(await written(BATCH)) };
    } finally {
      await client.end();
      await part.kill();
    }
  },
};
