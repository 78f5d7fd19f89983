import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, openDatabase } from '../../shared/store/database.ts';
import { ADMIN } from '../support/warren.ts';
import { exactly, type Finding, told } from './finding.ts';
import type { Scenario } from './scenario.ts';
import { atRate, Submitter } from './submitter.ts';
import { untilNoneLeft } from './until-empty.ts';

const JOBS = 100_000;
const PER_SECOND = 400;
const CONNECTIONS = 32;
const DRAIN_MS = 900_000;
const FORGET_MS = 600_000;
const TABLES = ['jobs', 'job_events', 'inbox', 'uploads'] as const;

/** 100,000 jobs go through, and when their time is over nothing of them is left in tables or queues. */
export const growth: Scenario = {
  name: 'growth',
  about: `${JOBS} jobs, then an empty database and empty queues`,
  env: { RESULT_TTL: '20' },
  async run({ warren, say }) {
    const api = new Submitter(warren.url, CONNECTIONS);
    const { database_url } = await warren.run();
    const db = openDatabase({ url: database_url, poolSize: 1 });
    try {
      await api.warm();
      const answers = await atRate(PER_SECOND, JOBS / PER_SECOND, () =>
        api.submit({ type: 'embed', input: { texts: ['short'] } }),
      );
      const accepted = answers.filter(({ status }) => status === 202).length;
      say(`${accepted} accepted; waiting for the last to end`);
      const drained = await untilNoneLeft(api, DRAIN_MS);
      const most = await rowsOf(db);
      say('waiting for them to be forgotten');
      const left = await untilForgotten(db);
      const depths = await depthsOf(warren.url);
      return [
        told('accepted', String(accepted)),
        told('drained after the last submission', drained === undefined ? 'not in time' : `${drained.toFixed(0)} s`),
        ...TABLES.map((table) => told(`rows of ${table} when the last had ended`, String(most[table]))),
        ...TABLES.map((table) => exactly(`rows of ${table} at the end`, left[table], 0)),
        exactly('messages in all queues', depths, 0),
      ] satisfies Finding[];
    } finally {
      await db.close();
      api.close();
    }
  },
};

type Rows = Record<(typeof TABLES)[number], number>;

async function rowsOf(db: Database): Promise<Rows> {
  const counts = await Promise.all(
    TABLES.map((table) => db.query<{ n: number }>(`select count(*)::int as n from ${table}`)),
  );
  return Object.fromEntries(TABLES.map((table, at) => [table, counts[at]?.[0]?.n ?? -1])) as Rows;
}

async function untilForgotten(db: Database): Promise<Rows> {
  const end = Date.now() + FORGET_MS;
  let rows = await rowsOf(db);
  while (Object.values(rows).some((n) => n > 0) && Date.now() < end) {
    await sleep(1_000);
    rows = await rowsOf(db);
  }
  return rows;
}

async function depthsOf(url: string): Promise<number> {
  const answer = await fetch(`${url}/v1/queues`, { headers: { authorization: `Bearer ${ADMIN}` } });
  const { data } = (await answer.json()) as { data: { kind: string; depth: number }[] };
  return data.filter(({ kind }) => kind !== 'control').reduce((sum, { depth }) => sum + depth, 0);
}
