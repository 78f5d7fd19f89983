import type { Asked } from './asked.ts';
import { strikesAfter } from './fault.ts';
import { write } from './wire.ts';
import type { Generation } from './words/generation.ts';

/** How a dialect writes a stream of tokens. Each function gives whole lines, ends of line included. */
export interface Framing {
  readonly contentType: string;
  /** Whether headers are sent before the model has read the prompt. */
  readonly headersFirst: boolean;
  readonly open?: () => string;
  readonly token: (text: string) => string;
  readonly malformed: (text: string) => string;
  readonly error: (message: string) => string;
  readonly close: () => string;
}

const DEFAULT_ERROR_LINE = 'an error was encountered while running the model: unexpected EOF';

type Next = 'go on' | 'over';

/** What strikes in mid-stream. `malformed` is not here: it takes the place of a token. */
async function strike({ call, fault }: Asked, framing: Framing): Promise<Next> {
  if (fault.error_line !== undefined && fault.error_line !== false) {
    const message = typeof fault.error_line === 'string' ? fault.error_line : DEFAULT_ERROR_LINE;
    await write(call, framing.error(message), fault);
    call.response.end();
    return 'over';
  }
  if (fault.hang === 'stream') return call.hang();
  if (fault.reset === 'stream') {
    call.reset();
    return 'over';
  }
  if (fault.truncate !== true) return 'go on';
  call.response.end();
  return 'over';
}

function openStream({ call }: Asked, { contentType }: Framing): void {
  call.response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache' });
  call.response.flushHeaders();
}

const timeToken = (): string => ` ${(performance.timeOrigin + performance.now()).toFixed(1)}`;

/** @returns whether the stream came to its end, so that its marker may follow */
async function streamTokens(asked: Asked, { tokens }: Generation, framing: Framing): Promise<Next> {
  const { call, behaviour, fault, counters } = asked;
  const strikeAt = Math.min(strikesAfter(fault), tokens.length);
  const malformedAt = fault.malformed === true ? Math.min(strikeAt, tokens.length - 1) : undefined;
  // Each token has its time from the start, so that late ones do not make all others late.
  const first = performance.now() + behaviour.ttftMs;
  for (const [index, written] of tokens.entries()) {
    await call.waitUntil(first + index * behaviour.itlMs);
    if (index === 0 && !framing.headersFirst) openStream(asked, framing);
    if (index === 0 && framing.open !== undefined) await write(call, framing.open(), fault);
    if (index === strikeAt && (await strike(asked, framing)) === 'over') return 'over';
    const token = behaviour.clock === true ? timeToken() : written;
    await write(call, index === malformedAt ? framing.malformed(token) : framing.token(token), fault);
    call.tokens += 1;
    counters.tokenSent();
  }
  return strikeAt === tokens.length ? strike(asked, framing) : 'go on';
}

/** Streams a generation at the model's pace, with the faults that strike on the way. */
export async function stream(asked: Asked, generation: Generation, framing: Framing): Promise<void> {
  const { call, fault } = asked;
  call.streams();
  if (framing.headersFirst) openStream(asked, framing);
  if ((await streamTokens(asked, generation, framing)) === 'over') return;
  if (!call.response.headersSent) openStream(asked, framing);
  await write(call, framing.close(), fault);
  call.response.end();
}
