import { openWarm } from '../load/http-connection.ts';
import { openLoop, submit } from '../load/loops.ts';
import { countCpu } from './cost.ts';
import type { Phase } from './phase.ts';
import { timesOf } from './times.ts';
import { untilDone } from './until-done.ts';

const PER_SECOND = 1_000;
const CONNECTIONS = 64;

export const burst: Phase = {
  name: 'burst',
  about: `${PER_SECOND} jobs a second over ${CONNECTIONS} warm connections, worked off meanwhile`,
  async run({ running, scale }) {
    const { api } = running;
    const connections = await openWarm(api.port, CONNECTIONS, api.warmUp);
    try {
      const progress = await running.progress();
      const cpu = countCpu(running);
      const begun = performance.now();
      const course = { perSecond: PER_SECOND, seconds: scale.burstSeconds };
      const timed = await openLoop(connections, course, (connection) => submit(connection, api.submit));
      await untilDone(progress, timed.times.length);
      const last = (performance.now() - begun) / 1000;
      return { ...timesOf('burst', timed), 'burst.last': last, ...cpu('burst', timed.times.length) };
    } finally {
      for (const connection of connections) connection.close();
    }
  },
};
