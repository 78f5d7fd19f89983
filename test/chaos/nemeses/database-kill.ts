import { type Nemesis, once } from './nemesis.ts';

export const databaseKill: Nemesis = {
  name: 'database-kill',
  about: 'SIGKILL of the embedded database; of a Postgres server, the end of all our connections',
  targets: () => ['database'],
  draw: once,
  async strike(system) {
    if (system.database.process) system.database.process.signal('SIGKILL');
    else await system.database.endConnections();
  },
};
