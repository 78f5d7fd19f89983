import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

/**
 * Erlang's port mapper, ours alone. Left to itself Erlang starts one as a daemon that outlives every broker, so this one
 * runs in the foreground under a shell that ends it when the pipe from us ends.
 */
export interface Epmd {
  stop(): Promise<void>;
}

const UNDER_SHELL = `"$0" -port "$1" -address 127.0.0.1 <&- >/dev/null 2>&1 & P=$!
trap 'kill $P; wait $P; exit 0' TERM INT HUP
cat >/dev/null
kill $P
wait $P`;

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });

const alive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

async function untilItAnswers(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(port))) {
    if (!alive(child)) throw new Error(`epmd ended at once on port ${port}`);
    if (Date.now() > deadline)
      throw new Error(`epmd did not answer on port ${port} within ${START_TIMEOUT_MS / 1000} s`);
    await sleep(POLL_MS);
  }
}

/** Starts epmd on this loopback port; resolves when it answers. */
export async function startEpmd(program: string, port: number): Promise<Epmd> {
  const child = spawn('/bin/sh', ['-c', UNDER_SHELL, program, String(port)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: { PATH: '/usr/bin:/bin' },
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
