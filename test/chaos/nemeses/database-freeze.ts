import { setTimeout as sleep } from 'node:timers/promises';
import { linksTo } from '../system/layout.ts';
import { lasting, type Nemesis } from './nemesis.ts';

export const databaseFreeze: Nemesis = {
  name: 'database-freeze',
  about: 'the database stands still for seconds, now and then for most of a minute',
  targets: () => ['database'],
  draw: lasting(1_000, 8_000, 45_000),
  async strike(system, { forMs }) {
    const links = linksTo(system.layout, 'database').map((name) => system.link(name));
    const { process } = system.database;
    if (process) process.signal('SIGSTOP');
    else for (const link of links) link.freeze();
    await sleep(forMs);
    if (process) process.signal('SIGCONT');
    else for (const link of links) link.heal();
  },
};
