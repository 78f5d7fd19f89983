import { setTimeout as sleep } from 'node:timers/promises';
import { lasting, type Nemesis } from './nemesis.ts';

export const away: Nemesis = {
  name: 'away',
  about: 'one gateway replica goes, and comes back later',
  targets: ({ replicas }) => replicas.gateway,
  draw: lasting(2_000, 10_000),
  async strike(system, { target, forMs }) {
    const replica = system.replica(target);
    await replica.retire();
    await sleep(forMs);
    await replica.start();
  },
};
