import { SERVICES } from '../../../infra/start/supervisor/run-file.ts';
import { type Nemesis, once } from './nemesis.ts';

export const roll: Nemesis = {
  name: 'roll',
  about: 'SIGTERM of the replicas of a service, one after the other, as a deployment does',
  targets: () => SERVICES,
  draw: once,
  async strike(system, { target }) {
    for (const replica of system.replicasOf(target)) {
      await replica.retire();
      await replica.start();
    }
  },
};
