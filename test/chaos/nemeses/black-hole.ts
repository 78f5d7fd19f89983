import { setTimeout as sleep } from 'node:timers/promises';
import { lasting, type Nemesis } from './nemesis.ts';

export const blackHole: Nemesis = {
  name: 'black-hole',
  about: 'what two parts send each other is swallowed, and the connections stay',
  targets: ({ links }) => links,
  draw: lasting(1_000, 8_000, 32_000),
  async strike(system, { target, forMs }) {
    const link = system.link(target);
    link.freeze();
    await sleep(forMs);
    link.heal();
  },
};
