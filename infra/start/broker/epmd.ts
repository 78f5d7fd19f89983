import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { listens } from './listens.ts';
import type { Toolchain } from './toolchain.ts';

const START_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

/**
 * Erlang's port mapper, ours alone. Left to itself Erlang starts one as a daemon that outlives every broker, so this one
 * runs in the foreground under a shell that ends it when the pipe from us ends.
 */
export interface Epmd {
  stop(): Promise<void>;
}

const UNDER_SHELL = `PORT=$0; "$@" -port "$PORT" -address 127.0.0.1 <&- >/dev/null 2>&1 & P=$!
trap 'kill $P; wait $P; exit 0' TERM INT HUP
cat >/dev/null
kill $P
wait $P`;

const alive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

async function untilItAnswers(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await listens(port))) {
    if (!alive(child)) throw new Error(`epmd ended at once on port ${port}`);
    if (Date.now() > deadline)
      throw new Error(`epmd did not answer on port ${port} within ${START_TIMEOUT_MS / 1000} s`);
    await sleep(POLL_MS);
  }
}

/** Starts epmd on this loopback port; resolves when it answers. */
export async function startEpmd({ enter, epmd }: Toolchain, port: number): Promise<Epmd> {
  const child = spawn('/bin/sh', ['-c', UNDER_SHELL, String(port), ...enter, epmd], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  child.stdin.on('error', () => undefined);
  const stop = async (): Promise<void> => {
    if (!alive(child)) return;
    const gone = once(child, 'exit');
    child.stdin.end();
    await gone;
  };
  try {
    await untilItAnswers(child, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}
