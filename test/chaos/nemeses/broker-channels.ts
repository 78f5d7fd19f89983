import { linksTo } from '../system/layout.ts';
import { type Nemesis, once } from './nemesis.ts';

export const brokerChannels: Nemesis = {
  name: 'broker-channels',
  about: 'the broker closes all channels of a process with an error and leaves the connection alone',
  targets: (layout) => linksTo(layout, 'broker'),
  draw: once,
  async strike(system, { target }) {
    system.link(target).breakChannels();
  },
};
