import WebSocket from 'ws';
import { ANN } from './warren.ts';

export interface JobView {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly last_seq: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: string; readonly message: string };
  readonly [field: string]: unknown;
}

export interface Event {
  readonly job: string;
  readonly seq: number;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

const TERMINAL = new Set(['succeeded', 'failed', 'cancelled']);
const TERMINAL_EVENTS = new Set(['job.succeeded', 'job.failed', 'job.cancelled']);

/** Speaks the public API as any client would: plain fetch. */
export const client = (url: string, key: string = ANN) => {
  async function call<Body>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(70_000),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as Body,
    };
  }
  return {
    call,
    submit: (type: string, input: unknown, more: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
      call<JobView>('POST', '/v1/jobs', { type, input, ...more }, headers),
    job: (id: string) => call<JobView>('GET', `/v1/jobs/${id}`),
    /** Long-polls until the job is over. */
    async done(id: string, withinMs = 120_000): Promise<JobView> {
      const until = Date.now() + withinMs;
      let last: unknown;
      while (Date.now() < until) {
        const answer = await call<JobView>('GET', `/v1/jobs/${id}?wait=20`).catch((error: unknown) => {
          last = error;
          return undefined;
        });
        if (answer?.status === 200 && TERMINAL.has(answer.body.status)) return answer.body;
        last = answer?.body ?? last;
        if (answer === undefined || answer.status !== 200) await new Promise((resolve) => setTimeout(resolve, 250));
      }
      throw new Error(`job ${id} did not end in ${withinMs} ms: ${JSON.stringify(last)}`);
    },
    async events(id: string): Promise<Event[]> {
      const all: Event[] = [];
      for (;;) {
        const after = all.at(-1)?.seq ?? 0;
        const page = await call<{ data: Event[]; has_more: boolean }>(
          'GET',
          `/v1/jobs/${id}/events?after=${after}&limit=500`,
          undefined,
          {
            accept: 'application/json',
          },
        );
        all.push(...page.body.data);
        if (!page.body.has_more) return all;
      }
    },
    socket: () => openSocket(url, key),
  };
};

/** A raw WebSocket with everything it ever received. */
export interface Socket {
  readonly frames: Record<string, unknown>[];
  readonly events: Event[];
  send(frame: unknown): void;
  /** The first frame, past or to come, that fits. */
  next(fits: (frame: Record<string, unknown>) => boolean, withinMs?: number): Promise<Record<string, unknown>>;
  /** Resolves with the events of a job once its end was received. */
  ended(job: string, withinMs?: number): Promise<Event[]>;
  /** Cuts the TCP connection without a goodbye. */
  cut(): void;
  readonly closed: Promise<{ code: number }>;
}

export async function openSocket(url: string, key: string): Promise<Socket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, 'warren.v1', {
    headers: { authorization: `Bearer ${key}` },
  });
  const frames: Record<string, unknown>[] = [];
  const events: Event[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (text) => {
    const frame = JSON.parse(String(text)) as Record<string, unknown>;
    frames.push(frame);
    if (frame.type === 'event') events.push(frame as unknown as Event);
    for (const wake of waiting) wake();
  });
  const closed = new Promise<{ code: number }>((resolve) => socket.on('close', (code) => resolve({ code })));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {});
  const until = <T>(find: () => T | undefined, withinMs: number, what: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`no ${what} in ${withinMs} ms; frames: ${JSON.stringify(frames.slice(-3))}`));
      }, withinMs);
      waiting.add(look);
      look();
    });
  return {
    frames,
    events,
    closed,
    send: (frame) => socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame)),
    next: (fits, withinMs = 30_000) => until(() => frames.find(fits), withinMs, 'such frame'),
    ended: (job, withinMs = 60_000) =>
      until(
        () => {
          const own = events.filter((event) => event.job === job);
          return own.some(({ event }) => TERMINAL_EVENTS.has(event)) ? own : undefined;
        },
        withinMs,
        `end of ${job}`,
      ),
    cut: () => socket.terminate(),
  };
}
