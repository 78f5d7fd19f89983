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

const targetOf = (url: string) => {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname, port: Number(port) || (DEFAULT_PORTS[protocol] ?? 0) };
};

/**
 * Waits until something listens at one of the places to which a setting points.
 * @throws ExpectedFailure naming the setting, when nobody does in time
 */
export async function untilReachable(
  setting: string,
  urls: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const targets = urls.map(targetOf);
  const look = () => Promise.all(targets.map(({ host, port }) => answers(host.replace(/^\[|\]$/g, ''), port)));
  const deadline = Date.now() + timeoutMs;
  while (!(await look()).includes(true)) {
    signal.throwIfAborted();
    if (Date.now() > deadline) {
      const places = targets.map(({ host, port }) => `${host}:${port}`).join(' or ');
      throw new ExpectedFailure(
        `Nothing answers at ${places}, where ${setting} points to (waited ${timeoutMs / 1000} s).`,
      );
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
