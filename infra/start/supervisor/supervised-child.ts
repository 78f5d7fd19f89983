import { setTimeout as sleep } from 'node:timers/promises';
import { afterRun, type Backoff, NO_FAILURES } from './backoff.ts';
import { type ChildProgram, type ChildRun, type Ready, runChild } from './child-run.ts';

/** By agreement with the services: settings are wrong or missing, so another run would end the same way. */
const EXIT_MISCONFIGURED = 2;

/** Where a child is in its life. */
export type ChildState =
  | { readonly is: 'starting'; readonly pid: number | undefined }
  | { readonly is: 'ready'; readonly pid: number | undefined; readonly ready: Ready }
  | { readonly is: 'waiting'; readonly why: string; readonly delayMs: number }
  | { readonly is: 'stopped'; readonly why: string };

export interface SupervisedChild {
  readonly name: string;
  state(): ChildState;
  /** Resolves at the first readiness. @throws Error when it is misconfigured, stopped, or not ready in time */
  untilReady(timeoutMs: number): Promise<Ready>;
  /** Asks it to drain and waits; a child that takes longer is killed. It is not started again. Idempotent. */
  stop(drainMs: number): Promise<void>;
  /** Ends it without a word; it is not started again. */
  abandon(): void;
}

export interface Watcher {
  /** Called after every change of state. */
  readonly onChange: (state: ChildState) => void;
  /** Takes a line about an end that nobody asked for. */
  readonly tell: (line: string) => void;
}

/** Keeps a program running: starts it, and starts it again with a growing delay whenever it ends. */
export function superviseChild(program: ChildProgram, { onChange, tell }: Watcher): SupervisedChild {
  const stopped = new AbortController();
  const changes = new Set<() => void>();
  let state: ChildState = { is: 'starting', pid: undefined };
  let run: ChildRun;
  let stopping: Promise<void> | undefined;

  const change = (next: ChildState): void => {
    state = next;
    onChange(next);
    for (const heard of changes) heard();
  };

  const begin = (): ChildRun => {
    const next = runChild(program, (ready) => {
      if (run === next && !stopped.signal.aborted) change({ is: 'ready', pid: next.pid, ready });
    });
    run = next;
    change({ is: 'starting', pid: next.pid });
    return next;
  };

  const keepRunning = async (): Promise<void> => {
    let backoff: Backoff = NO_FAILURES;
    for (;;) {
      const current = begin();
      const why = await current.exited;
      if (stopped.signal.aborted || current.exitCode() === EXIT_MISCONFIGURED) return change({ is: 'stopped', why });
      const { delayMs, next } = afterRun(backoff, performance.now() - current.startedAt);
      backoff = next;
      change({ is: 'waiting', why, delayMs });
      tell(`${program.name} ended (${why}); starting it again in ${delayMs} ms, log: ${program.logFile}`);
      await sleep(delayMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (stopped.signal.aborted) return change({ is: 'stopped', why });
    }
  };

  const untilReady = (timeoutMs: number): Promise<Ready> =>
    new Promise<Ready>((resolve, reject) => {
      const fail = (why: string) => settle(() => reject(new Error(`${program.name} ${why}`)));
      const timer = setTimeout(
        () => fail(`was not ready within ${timeoutMs / 1000} s (log: ${program.logFile})`),
        timeoutMs,
      );
      const settle = (end: () => void) => {
        clearTimeout(timer);
        changes.delete(look);
        end();
      };
      const look = () => {
        const now = state;
        if (now.is === 'ready') settle(() => resolve(now.ready));
        if (now.is === 'stopped') fail(`ended: ${now.why}`);
      };
      changes.add(look);
      look();
    });

  const drain = async (drainMs: number): Promise<void> => {
    stopped.abort();
    run.kill('SIGTERM');
    const late = setTimeout(() => {
      tell(`${program.name} did not drain within ${drainMs / 1000} s and is ended`);
      run.kill('SIGKILL');
    }, drainMs);
    await finished.finally(() => clearTimeout(late));
  };

  const finished = keepRunning();
  return {
    name: program.name,
    state: () => state,
    untilReady,
    stop: (drainMs) => (stopping ??= drain(drainMs)),
    abandon: () => {
      stopped.abort();
      run.kill('SIGKILL');
    },
  };
}
