import { setTimeout as sleep } from 'node:timers/promises';
import type { Nemesis } from './nemesis.ts';

export const latency: Nemesis = {
  name: 'latency',
  about: 'everything between two parts takes up to a second longer, each way',
  targets: ({ links }) => links,
  draw: (random) => ({ forMs: random.int(3_000, 10_000), variant: String(random.pick([50, 200, 1_000])) }),
  async strike(system, { target, forMs, variant }) {
    const link = system.link(target);
    link.slow(Number(variant));
    await sleep(forMs);
    link.heal();
  },
};
