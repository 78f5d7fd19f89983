import type { ServerResponse } from 'node:http';
import { TERMINAL_EVENTS } from '../../../shared/messages/client-event.ts';
import { eventsAfter } from '../../../shared/store/events.ts';
import type { Context } from '../context.ts';
import type { Gateway } from '../gateway.ts';
import { type Sink, Subscription } from './subscription.ts';

const RECONNECT_MS = 1_000;

interface Wanted {
  readonly job: string;
  readonly after: number;
  readonly numbers: boolean;
}

/**
 * Answers with the events of a job as text/event-stream, until the job ends, the reader goes away or is too slow, or
 * the gateway drains. However it ends: a reader that comes again with Last-Event-ID goes on where it was.
 */
export async function streamEvents(gateway: Gateway, ctx: Context, wanted: Wanted): Promise<void> {
  ctx.status = 200;
  ctx.set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  if (ctx.method === 'HEAD') return;
  ctx.respond = false;
  const response = ctx.res;
  response.write(`retry: ${RECONNECT_MS}\n\n`);
  const { hub, reads, limits, lifecycle } = gateway;
  const subscription = new Subscription({
    ...wanted,
    hub,
    read: (job, after, limit) => eventsAfter(reads, job, after, limit),
    sink: sinkOf(response, limits),
    netMs: limits.netMs,
  });
  await whileOpen(response, { draining: lifecycle.signal, commentMs: limits.commentMs }, () => subscription.begin());
  subscription.close();
}

interface While {
  readonly draining: AbortSignal;
  readonly commentMs: number;
}

/** Resolves when the response is over. */
async function whileOpen(response: ServerResponse, { draining, commentMs }: While, begin: () => void): Promise<void> {
  const end = () => response.end();
  const comments = setInterval(() => write(response, ': still here\n\n'), commentMs);
  try {
    draining.addEventListener('abort', end, { once: true });
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    begin();
    if (draining.aborted) end();
    if (!response.destroyed) await closed;
  } finally {
    clearInterval(comments);
    draining.removeEventListener('abort', end);
  }
}

/** Writing to a response that was ended would be an error nobody listens for. */
function write(response: ServerResponse, text: string): void {
  if (!response.writableEnded && !response.destroyed) response.write(text);
}

const sinkOf = (response: ServerResponse, { sendBufferBytes, stallMs }: Gateway['limits']): Sink => ({
  send: ({ sse }) => write(response, sse),
  get full() {
    return response.writableLength > sendBufferBytes;
  },
  room: () => drained(response, stallMs),
  caughtUp: (last) => {
    if (last !== undefined && TERMINAL_EVENTS.has(last.event)) response.end();
  },
});

/** Resolves when the reader has taken what waits for it; one that does not is cut off. */
async function drained(response: ServerResponse, stallMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let settle: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => {
        response.destroy();
        reject(new Error('the reader is too slow'));
      }, stallMs);
      settle = () => (response.destroyed ? reject(new Error('the reader is gone')) : resolve());
      response.on('drain', settle).on('close', settle);
    });
  } finally {
    clearTimeout(timer);
    if (settle !== undefined) response.off('drain', settle).off('close', settle);
  }
}
