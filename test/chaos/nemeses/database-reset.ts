import { linksTo } from '../system/layout.ts';
import { type Nemesis, once } from './nemesis.ts';

export const databaseReset: Nemesis = {
  name: 'database-reset',
  about: 'all connections of a process to the database are reset',
  targets: (layout) => linksTo(layout, 'database'),
  draw: once,
  async strike(system, { target }) {
    system.link(target).cut();
  },
};
