import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../systems/system.ts';

const LOOK_MS = 100;
const TIMEOUT_MS = 300_000;

/** Resolves with how many jobs have ended, as soon as they are so many. */
export async function untilDone(progress: Progress, jobs: number): Promise<number> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    const done = await progress();
    if (done >= jobs) return done;
    if (performance.now() > deadline) throw new Error(`${done} of ${jobs} jobs ended in ${TIMEOUT_MS / 1000} s`);
    await sleep(LOOK_MS);
  }
}
