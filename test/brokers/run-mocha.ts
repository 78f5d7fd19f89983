import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../infra/start/project-root.ts';

const MOCHA = join(PROJECT_ROOT, 'node_modules/mocha/bin/mocha.js');
const REPORTER = join(PROJECT_ROOT, '.ci/counts.mjs');
const LIMIT_MS = 15 * 60_000;

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Runs test files to their end, in a process of their own. @returns undefined when they never reached it */
export async function runMocha(files: readonly string[], env: NodeJS.ProcessEnv): Promise<Counts | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'warren-counts-'));
  const file = join(folder, 'counts');
  try {
    const child = spawn(process.execPath, [MOCHA, '--reporter', REPORTER, ...files], {
      cwd: PROJECT_ROOT,
      stdio: 'inherit',
      env: { ...process.env, ...env, TEST_COUNTS: file },
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    await once(child, 'exit');
    const [line = ''] = readFileSync(file, 'utf8').trim().split('\n').slice(-1);
    return JSON.parse(line) as Counts;
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
