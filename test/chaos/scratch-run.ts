import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../infra/start/project-root.ts';
import { type RunOptions, type RunResult, run } from './run.ts';

type ScratchOptions = Pick<RunOptions, 'seed' | 'plan' | 'jobs' | 'settleMs'> & Partial<RunOptions['system']>;

/** A run in a folder that goes with it, unless it failed: then its logs are worth reading. */
export async function scratchRun({ seed, plan, jobs, settleMs, ...system }: ScratchOptions): Promise<RunResult> {
  const dataDir = await mkdtemp(join(tmpdir(), 'warren-chaos-'));
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  try {
    const result = await run({
      seed,
      plan,
      ...(jobs === undefined ? {} : { jobs }),
      ...(settleMs === undefined ? {} : { settleMs }),
      say,
      system: {
        replicas: 1,
        broker: undefined,
        database: 'pglite',
        dataDir,
        cacheDir: join(PROJECT_ROOT, '.data', 'cache'),
        say,
        ...system,
      },
    });
    if (result.violations.length === 0 || system.plant !== undefined)
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
    else said.push(`logs: ${join(dataDir, 'logs')}`);
    return result;
  } finally {
    if (process.env.CHAOS_VERBOSE) console.log(said.join('\n'));
  }
}
