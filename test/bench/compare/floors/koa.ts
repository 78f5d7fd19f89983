import { httpRequest, openWarm } from '../load/http-connection.ts';
import { closedLoop, submit } from '../load/loops.ts';
import type { Figures } from '../phases/phase.ts';
import { timesOf } from '../phases/times.ts';
import { JOB } from '../systems/system.ts';
import { cpuFrom, type Floor, startServer } from './floor.ts';

const request = httpRequest('POST', '/v1/jobs', {}, JOB);

export const koa: Floor = {
  name: 'koa',
  async run(stage) {
    const { part, port } = await startServer('koa-alone.mjs', stage.folder);
    const at = async (count: number): Promise<Figures> => {
      const connections = await openWarm(port, count, request);
      const cpu = cpuFrom([part], false);
      const timed = await closedLoop(connections, { ms: stage.loopMs }, (one) => submit(one, request));
      for (const connection of connections) connection.close();
      return { ...timesOf(`koa.${count}`, timed), [`koa.${count}.cpu`]: cpu() / timed.times.length };
    };
    try {
      await at(32); // warm
      return { ...(await at(1)), ...(await at(32)) };
    } finally {
      await part.kill();
    }
  },
};
