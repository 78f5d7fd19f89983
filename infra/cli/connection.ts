import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import type { JobEvent } from './api-types.ts';
import { type Problem, RefusedError, retryAfterMs } from './errors.ts';
import { type Access, credentials } from './http.ts';

const PROTOCOL = 'warren.v1';
const HANDSHAKE_MS = 10_000;
/** A server that is silent for so many of its heartbeats is gone, even if nobody closed the connection. */
const MISSED_HEARTBEATS = 2.5;
const DEFAULT_HEARTBEAT_MS = 20_000;
/** Events that may wait for a slow reader before the socket is no longer read. */
const MAX_WAITING = 1_000;

/** Close codes after which another connection would fare no better. */
const FINAL_CODES: Readonly<Record<number, number>> = { 4400: 400, 4401: 401, 4403: 403 };

type Frame =
  | { readonly type: 'hello'; readonly heartbeat_ms?: number }
  | { readonly type: 'going_away'; readonly reconnect_in_ms?: number }
  | { readonly type: 'error'; readonly problem?: Problem & { readonly status?: number } }
  | ({ readonly type: 'event' } & JobEvent)
  | { readonly type: 'subscribed' | 'accepted' | 'pong' };

/** How a connection ended, when not by a refusal: come again, at the earliest after `afterMs`. */
export interface Ended {
  readonly afterMs: number | undefined;
  /** True when the server said hello: it was there, so patience begins anew. */
  readonly wasOpen: boolean;
  readonly reason: string;
}

/**
 * One WebSocket that follows one job: yields its events after `after` until the connection ends.
 * @throws {RefusedError} when the server does not want this client or does not know the job
 */
export async function* connection(access: Access, job: string, after: number): AsyncGenerator<JobEvent, Ended> {
  const line = new Line(access, job, after);
  try {
    return yield* line.events();
  } finally {
    line.close();
  }
}

class Line {
  readonly #socket: WebSocket;
  readonly #signal: AbortSignal;
  readonly #waiting: JobEvent[] = [];
  #wake: () => void = () => undefined;
  #ended: Ended | undefined;
  #failure: Error | undefined;
  #wasOpen = false;
  #reconnectInMs: number | undefined;
  #heartbeatMs = DEFAULT_HEARTBEAT_MS;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(access: Access, job: string, after: number) {
    this.#signal = access.signal;
    this.#socket = new WebSocket(`${access.url.replace(/^http/, 'ws')}/v1/ws`, PROTOCOL, {
      headers: credentials(access),
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
    });
    this.#socket.on('open', () => this.#socket.send(JSON.stringify({ type: 'subscribe', id: 'job', job, after })));
    this.#socket.on('message', (data) => this.#hear(String(data)));
    this.#socket.on('ping', () => this.#alive());
    this.#socket.on('unexpected-response', (_, answer) => void this.#turnedAway(answer));
    this.#socket.on('error', (error) => this.#end(error.message));
    this.#socket.on('close', (code, reason) => this.#closed(code, String(reason)));
    this.#signal.addEventListener('abort', this.#stop);
  }

  async *events(): AsyncGenerator<JobEvent, Ended> {
    for (;;) {
      this.#signal.throwIfAborted();
      const event = this.#waiting.shift();
      if (event !== undefined) yield event;
      else if (this.#failure !== undefined) throw this.#failure;
      else if (this.#ended !== undefined) return this.#ended;
      else await this.#news();
    }
  }

  close(): void {
    clearTimeout(this.#watchdog);
    this.#signal.removeEventListener('abort', this.#stop);
    this.#end('closed');
    this.#socket.terminate();
  }

  #news(): Promise<void> {
    if (this.#socket.isPaused) this.#socket.resume();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  readonly #stop = (): void => this.#end('stopped');

  #hear(text: string): void {
    this.#alive();
    const frame = JSON.parse(text) as Frame;
    if (frame.type === 'hello') {
      this.#wasOpen = true;
      this.#heartbeatMs = frame.heartbeat_ms ?? DEFAULT_HEARTBEAT_MS;
      this.#alive();
    } else if (frame.type === 'going_away') this.#reconnectInMs = frame.reconnect_in_ms;
    else if (frame.type === 'error') this.#refused(new RefusedError(frame.problem?.status ?? 500, frame.problem));
    else if (frame.type === 'event') this.#keep(frame);
  }

  #keep({ job, seq, event, at, data }: JobEvent): void {
    this.#waiting.push({ job, seq, event, at, data });
    if (this.#waiting.length >= MAX_WAITING && !this.#socket.isPaused) this.#socket.pause();
    this.#wake();
  }

  #alive(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      this.#end('the server fell silent');
      this.#socket.terminate();
    }, this.#heartbeatMs * MISSED_HEARTBEATS);
  }

  async #turnedAway(answer: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(answer, 'end').catch(() => undefined);
    const wait = retryAfterMs(answer.headers['retry-after']);
    this.#refused(new RefusedError(answer.statusCode ?? 500, problemIn(Buffer.concat(chunks).toString()), wait));
  }

  /** A refusal is final unless it only says "not now". */
  #refused(error: RefusedError): void {
    const isFinal = error.status >= 400 && error.status < 500 && error.status !== 429;
    if (isFinal) this.#failure ??= error;
    else this.#reconnectInMs ??= error.retryAfterMs;
    this.#end(error.message);
    this.#socket.terminate();
  }

  #closed(code: number, reason: string): void {
    const status = FINAL_CODES[code];
    if (status !== undefined) this.#failure ??= new RefusedError(status, { detail: reason || `closed with ${code}` });
    this.#end(reason || `the connection was closed (${code})`);
  }

  #end(reason: string): void {
    clearTimeout(this.#watchdog);
    this.#ended ??= { afterMs: this.#reconnectInMs, wasOpen: this.#wasOpen, reason };
    this.#wake();
  }
}

function problemIn(text: string): Problem {
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return {};
  }
}
