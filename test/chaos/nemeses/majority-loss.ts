import { setTimeout as sleep } from 'node:timers/promises';
import type { Nemesis } from './nemesis.ts';

export const majorityLoss: Nemesis = {
  name: 'majority-loss',
  about: 'of a cluster, all nodes but one are killed, or stand still for seconds: nobody can confirm anything',
  targets: ({ brokers }) => (brokers.length > 1 ? brokers : []),
  draw: (random) =>
    random.chance(0.5) ? { forMs: 0, variant: 'killed' } : { forMs: random.int(4_000, 15_000), variant: 'frozen' },
  /** The target is the node that stays. */
  async strike({ broker }, { target, forMs, variant }) {
    const others = [...broker.nodes].flatMap(([name, node]) => (name === target ? [] : [node]));
    for (const node of others) node.kill(variant === 'killed' ? 'SIGKILL' : 'SIGSTOP');
    try {
      await sleep(forMs);
    } finally {
      for (const node of others) node.kill('SIGCONT');
    }
  },
};
