import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '../broker/broker-process.ts';
import { ExpectedFailure } from '../expected-failure.ts';

const claimFile = (dataDir: string): string => join(dataDir, 'supervisor.pid');

/** A pid is given to somebody else sooner or later; where the system tells, only a Node program counts. */
const isSupervisor = (pid: number): boolean => {
  const commandLine = `/proc/${pid}/cmdline`;
  if (!isRunning(pid)) return false;
  return !existsSync(commandLine) || readFileSync(commandLine, 'utf8').includes('node');
};

/** The pid of the supervisor that runs on this data folder; undefined when none does. */
export function claimant(dataDir: string): number | undefined {
  const file = claimFile(dataDir);
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Number.NaN;
  return pid > 0 && pid !== process.pid && isSupervisor(pid) ? pid : undefined;
}

/**
 * Takes the data folder for this process: two brokers or databases on the same files would ruin them.
 * @returns how to give it back
 * @throws ExpectedFailure when another supervisor runs on it
 */
export function claim(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = claimFile(dataDir);
  for (;;) {
    const other = claimant(dataDir);
    if (other !== undefined) throw new ExpectedFailure(inUse(dataDir, other));
    rmSync(file, { force: true });
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

const inUse = (dataDir: string, pid: number): string =>
  `Warren runs on ${dataDir} already (pid ${pid}).
See how it is with: npm run status. Stop it with Ctrl-C in its terminal, or: kill ${pid}
To run another one beside it, give it its own folder and port: DATA_DIR=.data-2 PORT=0 npm start`;
