import { type Nemesis, once } from './nemesis.ts';

export const brokerKill: Nemesis = {
  name: 'broker-kill',
  about: 'SIGKILL of the broker; its supervisor starts it again',
  targets: ({ brokers }) => brokers,
  draw: once,
  async strike({ broker }, { target }) {
    broker.node(target).kill('SIGKILL');
  },
};
