import { setTimeout as sleep } from 'node:timers/promises';
import { linksTo } from '../system/layout.ts';
import { lasting, type Nemesis } from './nemesis.ts';

const STILL_MS = 120;
const MOVING_MS = 40;

export const databaseSlow: Nemesis = {
  name: 'database-slow',
  about: 'a slow disk: the database stands still most of the time, by short stops (a Postgres server: a slow wire)',
  targets: () => ['database'],
  draw: lasting(3_000, 10_000, 20_000),
  async strike(system, { forMs }) {
    const { process } = system.database;
    const links = linksTo(system.layout, 'database').map((name) => system.link(name));
    const until = Date.now() + forMs;
    try {
      if (!process) for (const link of links) link.slow(STILL_MS);
      while (Date.now() < until) {
        process?.signal('SIGSTOP');
        await sleep(STILL_MS);
        process?.signal('SIGCONT');
        await sleep(MOVING_MS);
      }
    } finally {
      process?.signal('SIGCONT');
      if (!process) for (const link of links) link.heal();
    }
  },
};
