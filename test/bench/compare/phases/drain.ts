import { memoryMb } from '../machine/usage.ts';
import { countCpu } from './cost.ts';
import type { Figures, Phase, Stage } from './phase.ts';
import { untilDone } from './until-done.ts';

const WORKERS = [1, 2];

/** Jobs that waited for workers. Their start is not counted: the time runs from the first look that finds jobs done. */
export const drain: Phase = {
  name: 'drain',
  about: `jobs done a second when many wait, with ${WORKERS.join(' and ')} workers`,
  async run(stage) {
    let figures: Figures = {};
    try {
      for (const count of WORKERS) figures = { ...figures, ...(await by(count, stage)) };
    } finally {
      await stage.running.workers(1);
    }
    return figures;
  },
};

async function by(count: number, { running, scale }: Stage): Promise<Figures> {
  const jobs = scale.drainJobs;
  const key = `drain.${count}`;
  await running.workers(0);
  const progress = await running.progress();
  await running.preload(jobs);
  await running.workers(count);
  const first = await untilDone(progress, 1);
  const begun = performance.now();
  const cpu = countCpu(running);
  await untilDone(progress, jobs);
  const seconds = (performance.now() - begun) / 1000;
  const counted = jobs - first;
  const memory = memoryMb(running.processes());
  return {
    [`${key}.rate`]: counted / seconds,
    ...cpu(key, counted),
    ...(count === 1 && { 'memory.worker': memory.worker ?? 0, 'memory.gateway': memory.gateway ?? 0 }),
  };
}
