import { openWarm } from '../load/http-connection.ts';
import { closedLoop, submit as submitOne } from '../load/loops.ts';
import { countCpu } from './cost.ts';
import type { Figures, Phase, Stage } from './phase.ts';
import { timesOf } from './times.ts';
import { untilDone } from './until-done.ts';

const CONNECTIONS = [1, 32, 256];

/** Everything is on: the jobs are worked off meanwhile, and their whole cost is counted. */
export const submit: Phase = {
  name: 'submit',
  about: `jobs accepted a second at ${CONNECTIONS.join(', ')} warm connections`,
  async run(stage) {
    let figures: Figures = {};
    for (const count of CONNECTIONS) figures = { ...figures, ...(await at(count, stage)) };
    return figures;
  },
};

async function at(count: number, { running, scale }: Stage): Promise<Figures> {
  const { api } = running;
  const key = `submit.${count}`;
  const connections = await openWarm(api.port, count, api.warmUp);
  try {
    const progress = await running.progress();
    const cpu = countCpu(running);
    const timed = await closedLoop(connections, { ms: scale.loopMs }, (one) => submitOne(one, api.submit));
    await untilDone(progress, timed.times.length);
    return { ...timesOf(key, timed), ...cpu(key, timed.times.length) };
  } finally {
    for (const connection of connections) connection.close();
  }
}
