import { startMockProcess } from '../../support/mock-process.ts';
import { FLOORS } from './floors/all.ts';
import type { FloorStage } from './floors/floor.ts';
import { endAll } from './machine/at-exit.ts';
import { type Debian, findDebian } from './machine/debian.ts';
import type { Figures, Phase, Scale } from './phases/phase.ts';
import { play } from './play.ts';
import { Results } from './report/results.ts';
import type { System } from './systems/system.ts';

export interface Wish {
  readonly systems: readonly System[];
  readonly phases: readonly Phase[];
  readonly rounds: number;
  readonly scale: Scale;
  /** Whether the steps are measured that all systems are made of. */
  readonly floors: boolean;
  /** Folder for CPU profiles of Warren's processes. */
  readonly profiles?: string | undefined;
  say(line: string): void;
}

/** In the results, beside the systems. */
export const FLOORS_NAME = 'steps alone';
const FLOOR_SHARE = 0.5;

/**
 * Measures all systems by turns, round after round.
 * @returns why nothing can be measured, when nothing can be
 */
export async function measure({
  systems,
  phases,
  rounds,
  scale,
  floors,
  profiles,
  say,
}: Wish): Promise<Results | string> {
  const debian = await findDebian(say);
  if (typeof debian === 'string') return debian;
  const model = await startMockProcess();
  process.once('exit', model.kill);
  const results = new Results();
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}`);
    if (floors) results.add(FLOORS_NAME, await floorsOf(debian, scale, say));
    for (const system of systems) {
      say(`${system.name}: ${system.about}`);
      try {
        results.add(system.name, await play(system, { debian, modelUrl: model.url, profiles, phases, scale, say }));
      } catch (error) {
        say(`${system.name} is left out of this round: ${(error as Error).message}`);
        results.add(system.name, {});
        endAll();
      }
    }
  }
  await model.stop();
  return results;
}

async function floorsOf(debian: Debian, { loopMs }: Scale, say: (line: string) => void): Promise<Figures> {
  let figures: Figures = {};
  for (const floor of FLOORS) {
    const stage: FloorStage = { debian, folder: debian.scratch(), modelUrl: '', say, loopMs: loopMs * FLOOR_SHARE };
    try {
      figures = { ...figures, ...(await floor.run(stage)) };
    } catch (error) {
      say(`${floor.name} alone FAILED: ${(error as Error).message}`);
    }
  }
  say('the steps alone are measured');
  return figures;
}
