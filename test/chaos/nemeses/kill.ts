import { allReplicas } from '../system/layout.ts';
import { type Nemesis, once } from './nemesis.ts';

export const kill: Nemesis = {
  name: 'kill',
  about: 'SIGKILL of one replica of a service; its supervisor starts it again',
  targets: allReplicas,
  draw: once,
  async strike(system, { target }) {
    system.replica(target).signal('SIGKILL');
  },
};
