import { setTimeout as sleep } from 'node:timers/promises';
import { lasting, type Nemesis } from './nemesis.ts';

export const brokerFreeze: Nemesis = {
  name: 'broker-freeze',
  about: 'SIGSTOP of the broker for seconds',
  targets: ({ brokers }) => brokers,
  draw: lasting(1_000, 6_000, 28_000),
  async strike({ broker }, { target, forMs }) {
    const node = broker.node(target);
    node.kill('SIGSTOP');
    await sleep(forMs);
    node.kill('SIGCONT');
  },
};
