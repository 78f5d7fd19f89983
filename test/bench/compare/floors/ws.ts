import { closedLoop } from '../load/loops.ts';
import { PushClient, type PushDialect } from '../load/push-client.ts';
import type { Figures } from '../phases/phase.ts';
import { timesOf } from '../phases/times.ts';
import { JOB } from '../systems/system.ts';
import { cpuFrom, type Floor, startServer } from './floor.ts';

export const ws: Floor = {
  name: 'ws',
  async run(stage) {
    const { part, port } = await startServer('ws-alone.mjs', stage.folder);
    const dialect: PushDialect = {
      url: `ws://127.0.0.1:${port}`,
      greets: false,
      submit: (id) => JSON.stringify({ id, job: JOB }),
      outcome: () => 'succeeded',
    };
    const at = async (count: number): Promise<Figures> => {
      const clients = await Promise.all(Array.from({ length: count }, () => PushClient.open(dialect)));
      const cpu = cpuFrom([part], false);
      const timed = await closedLoop(clients, { ms: stage.loopMs }, (client) => client.job());
      for (const client of clients) client.close();
      return { ...timesOf(`ws.${count}`, timed), [`ws.${count}.cpu`]: cpu() / timed.times.length };
    };
    try {
      await at(16); // warm
      return { ...(await at(1)), ...(await at(16)) };
    } finally {
      await part.kill();
    }
  },
};
