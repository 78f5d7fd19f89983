import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection, openWarm } from './load/http-connection.ts';
import { closedLoop, submit } from './load/loops.ts';
import { pollOnce } from './load/poll-client.ts';
import type { Debian } from './machine/debian.ts';
import type { Figures, Phase, Scale } from './phases/phase.ts';
import { untilDone } from './phases/until-done.ts';
import type { Running, System } from './systems/system.ts';

export interface Course {
  readonly debian: Debian;
  readonly modelUrl: string;
  readonly profiles?: string | undefined;
  readonly phases: readonly Phase[];
  readonly scale: Scale;
  say(line: string): void;
}

const WARM_CONNECTIONS = 32;

/** Starts a system, runs the phases on it one after the other, and stops it. A phase that fails has no figures. */
export async function play(
  system: System,
  { debian, modelUrl, profiles, phases, scale, say }: Course,
): Promise<Figures> {
  const running = await system.start({ debian, folder: debian.scratch(), modelUrl, profiles, say });
  try {
    let figures: Figures = { 'start.answer': await firstAnswer(running) };
    await warm(running, scale);
    for (const phase of phases) {
      const since = performance.now();
      try {
        figures = { ...figures, ...(await phase.run({ running, scale })) };
        say(`${system.name}: ${phase.name} (${((performance.now() - since) / 1000).toFixed(0)} s)`);
      } catch (error) {
        say(`${system.name}: ${phase.name} FAILED: ${(error as Error).message}`);
      }
    }
    return figures;
  } finally {
    await running.stop();
  }
}

/** Seconds from the start of its processes until the first job's result could be read. */
async function firstAnswer({ api, begunAt }: Running): Promise<number> {
  const connection = await HttpConnection.open(api.port);
  try {
    await pollOnce(connection, api);
    return (performance.now() - begunAt) / 1000;
  } finally {
    connection.close();
  }
}

async function warm(running: Running, { warmMs }: Scale): Promise<void> {
  const { api } = running;
  const connections = await openWarm(api.port, WARM_CONNECTIONS, api.warmUp);
  try {
    const progress = await running.progress();
    const { times } = await closedLoop(connections, { ms: warmMs }, (one) => submit(one, api.submit));
    await untilDone(progress, times.length);
    await sleep(500);
  } finally {
    for (const connection of connections) connection.close();
  }
}
