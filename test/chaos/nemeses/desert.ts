import { setTimeout as sleep } from 'node:timers/promises';
import { lasting, type Nemesis } from './nemesis.ts';

export const desert: Nemesis = {
  name: 'desert',
  about: 'all replicas of a worker go: their lanes and journals have no consumer',
  targets: () => ['embedder', 'generator', 'rag-orchestrator'],
  draw: lasting(1_000, 6_000),
  async strike(system, { target, forMs }) {
    const replicas = system.replicasOf(target);
    await Promise.all(replicas.map((replica) => replica.retire()));
    await sleep(forMs);
    await Promise.all(replicas.map((replica) => replica.start()));
  },
};
