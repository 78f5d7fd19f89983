import { setTimeout as sleep } from 'node:timers/promises';
import { lasting, type Nemesis } from './nemesis.ts';

export const partition: Nemesis = {
  name: 'partition',
  about: 'two parts cannot reach each other: connections are reset and none comes about',
  targets: ({ links }) => links,
  draw: lasting(1_000, 8_000, 30_000),
  async strike(system, { target, forMs }) {
    const link = system.link(target);
    link.sever();
    await sleep(forMs);
    link.heal();
  },
};
