import { type Nemesis, once } from './nemesis.ts';

export const brokerRestart: Nemesis = {
  name: 'broker-restart',
  about: 'the broker stops in order and starts again',
  targets: ({ brokers }) => brokers,
  draw: once,
  async strike({ broker }, { target }) {
    const node = broker.node(target);
    // Who is killed by another nemesis while starting is missed by nobody but us.
    await node.restart().catch(() => node.restart());
  },
};
