import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExpectedFailure } from '../expected-failure.ts';

const POLL_MS = 500;
const CONNECT_TIMEOUT_MS = 2_000;
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'amqp:': 5672,
  'amqps:': 5671,
  'postgres:': 5432,
  'postgresql:': 5432,
};

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });

/**
 * Waits until something listens where a setting points to.
 * @throws ExpectedFailure naming the setting, when nobody does in time
 */
export async function untilReachable(
  setting: string,
  url: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const target = Number(port) || (DEFAULT_PORTS[protocol] ?? 0);
  const deadline = Date.now() + timeoutMs;
  while (!(await answers(hostname.replace(/^\[|\]$/g, ''), target))) {
    signal.throwIfAborted();
    if (Date.now() > deadline) {
      throw new ExpectedFailure(
        `Nothing answers at ${hostname}:${target}, where ${setting} points to (waited ${timeoutMs / 1000} s).`,
      );
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
