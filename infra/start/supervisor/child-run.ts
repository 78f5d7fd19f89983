import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setPriority } from 'node:os';
import { lastWords, logSize, openLog } from './child-log.ts';

/** What a child says once it is ready for work. */
export interface Ready {
  readonly url?: string;
  readonly healthUrl?: string;
}

export interface ChildProgram {
  readonly name: string;
  /** What Node is started with: its own options, the program, the program's arguments. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** What it leaves to others when the processors are busy, -20 (nothing) to 19; 0 by default. */
  readonly niceness?: number;
}

/** One run of a child, from its start to its end. */
export interface ChildRun {
  readonly pid: number | undefined;
  readonly startedAt: number;
  /** How it ended, and its last words if it logged any. */
  readonly exited: Promise<string>;
  /** The code it exited with; undefined while it runs, null after a signal. */
  exitCode(): number | null | undefined;
  kill(signal: NodeJS.Signals): void;
}

const isReady = (message: unknown): message is Ready & { type: 'ready' } =>
  typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready';

const untilExit = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });

/** One that has ended already needs no priority, and one that may not have it runs all the same. */
function beNice(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {}
}

/**
 * Starts a child in its own process group, so that a Ctrl-C in the terminal reaches only us and we decide the order of
 * things. The IPC channel ties it to us: it ends when it hears the channel close.
 */
export function runChild(program: ChildProgram, onReady: (ready: Ready) => void): ChildRun {
  const log = openLog(program.logFile);
  const logBegan = logSize(program.logFile);
  const child = spawn(process.execPath, program.args, {
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
    env: program.env,
  });
  closeSync(log);
  if (child.pid !== undefined && program.niceness !== undefined) beNice(child.pid, program.niceness);
  let ended = false;
  const exited = untilExit(child).then((how) => {
    ended = true;
    return [how, lastWords(program.logFile, logBegan)].filter(Boolean).join(', ');
  });
  child.on('message', (message) => {
    if (isReady(message))
      onReady({ ...(message.url && { url: message.url }), ...(message.healthUrl && { healthUrl: message.healthUrl }) });
  });
  return {
    pid: child.pid,
    startedAt: performance.now(),
    exited,
    exitCode: () => (ended ? child.exitCode : undefined),
    kill: (signal) => void child.kill(signal),
  };
}
