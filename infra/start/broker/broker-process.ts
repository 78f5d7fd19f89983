import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What ends the Erlang VM in order when it comes in on its standard input. */
const GOOD_BYE = 'init:stop().\n';

export interface BrokerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** File that takes what the process prints. */
  readonly output: string;
}

/** One run of a broker, tied to us by the pipe that is its standard input. */
export interface BrokerProcess {
  readonly pid: number | undefined;
  /** How it ended, e.g. `signal SIGKILL`; undefined while it runs. */
  ended(): string | undefined;
  readonly exited: Promise<string>;
  /** Asks it to end in order, and ends it when it has not done so in time. */
  end(timeoutMs: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

const howItEnded = (child: ChildProcess): string | undefined => {
  if (child.signalCode !== null) return `signal ${child.signalCode}`;
  return child.exitCode === null ? undefined : `exit code ${child.exitCode}`;
};

/** Starts a broker in its own process group, so that a Ctrl-C in the terminal does not reach it before we have drained. */
export function startBrokerProcess({ command, args, env, output }: BrokerCommand): BrokerProcess {
  const log = openSync(output, 'a');
  const child = spawn(command, args, { stdio: ['pipe', log, log], detached: true, env });
  closeSync(log);
  child.stdin?.on('error', () => undefined); // it may end before it has read our good-bye
  let failure: string | undefined;
  const ended = () => failure ?? howItEnded(child);
  const exited = new Promise<string>((resolve) => {
    child.once('exit', () => resolve(howItEnded(child) ?? 'unknown'));
    child.once('error', (error) => {
      failure = error.message;
      resolve(failure);
    });
  });
  const kill = (signal: NodeJS.Signals) => void child.kill(signal);
  const end = async (timeoutMs: number): Promise<void> => {
    if (ended() !== undefined) return;
    child.stdin?.write(GOOD_BYE); // not end(): the node halts at the end of its input, in whatever state it is
    const patience = new AbortController();
    await Promise.race([exited, sleep(timeoutMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    if (ended() === undefined) kill('SIGKILL');
    await exited;
  };
  return { pid: child.pid, ended, exited, end, kill };
}

/** Resolves once the process with this pid is gone; it is no child of ours, so it can only be asked. */
export async function untilGone(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isRunning(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(100);
  }
  return true;
}

/** Whether a process with this pid runs on this machine, ours or another user's. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
