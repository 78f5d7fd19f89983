import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { credentials, type Gateway } from './gateway-client.ts';

const PROTOCOL = 'warren.v1';
const RECONNECT_MS = 500;
const MAX_RECONNECTS = 60;
const TERMINAL = new Set(['job.succeeded', 'job.failed', 'job.cancelled']);

/** One event of a job as the gateway sends it. */
export interface JobEvent {
  readonly seq: number;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

type Frame = { type: 'event' } & JobEvent;
type Refusal = { type: 'error'; problem?: { detail?: string; title?: string } };

/** Follows the job on one connection until it ends or the connection does. */
async function listen(gateway: Gateway, job: string, after: number, hear: (event: JobEvent) => void): Promise<void> {
  const socket = new WebSocket(`${gateway.url.replace(/^http/, 'ws')}/v1/ws`, PROTOCOL, {
    headers: credentials(gateway),
  });
  const close = () => socket.terminate();
  gateway.signal.addEventListener('abort', close);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', id: 'demo', job, after })));
      socket.on('message', (bytes) => {
        const frame = JSON.parse(String(bytes)) as Frame | Refusal | { type: 'hello' };
        if (frame.type === 'error') reject(new Error(frame.problem?.detail ?? frame.problem?.title ?? 'refused'));
        if (frame.type !== 'event') return;
        hear(frame);
        if (TERMINAL.has(frame.event)) resolve();
      });
      socket.on('close', () => resolve());
      socket.on('error', () => resolve()); // 'close' follows; the next connection takes up where this one ended
    });
  } finally {
    gateway.signal.removeEventListener('abort', close);
    socket.terminate();
  }
}

/**
 * Tells every event of a job in order, each once, until it ends; a connection that breaks is opened again after the
 * last event seen.
 * @returns the last event
 */
export async function followJob(gateway: Gateway, job: string, hear: (event: JobEvent) => void): Promise<JobEvent> {
  let last: JobEvent | undefined;
  for (let connection = 0; connection < MAX_RECONNECTS; connection++) {
    await listen(gateway, job, last?.seq ?? 0, (event) => {
      last = event;
      hear(event);
    });
    gateway.signal.throwIfAborted();
    if (last !== undefined && TERMINAL.has(last.event)) return last;
    await sleep(RECONNECT_MS, undefined, { signal: gateway.signal });
  }
  throw new Error(`job ${job} could not be followed to its end`);
}
