import type { Asked } from './asked.ts';
import type { Call } from './call.ts';
import type { Fault } from './fault.ts';
import type { Dialect, Refusal } from './refusal.ts';
import { write } from './wire.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const HTML_PAGE = '<html><head><title>Error</title></head><body><center><h1>Error</h1></center></body></html>\n';

/** Sends half of an answer in one piece, then what the fault wants. */
async function sendHalf({ call, fault }: Asked, text: string): Promise<void> {
  call.response.writeHead(200, { 'content-type': JSON_TYPE });
  await write(call, text.slice(0, text.length >> 1), fault);
  if (fault.hang === 'stream') await call.hang();
  else if (fault.reset === 'stream') call.reset();
  else call.response.end();
}

/** An answer in one piece, with the faults that can befall it. */
export async function sendText(asked: Asked, text: string): Promise<void> {
  const { call, fault } = asked;
  if (fault.hang === 'stream' || fault.reset === 'stream' || fault.truncate === true) return sendHalf(asked, text);
  const whole = fault.malformed === true ? text.slice(0, -1) : text;
  call.response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(whole) });
  await write(call, whole, fault);
  call.response.end();
}

export const sendJson = (asked: Asked, value: unknown): Promise<void> => sendText(asked, JSON.stringify(value));

/** An error as the dialect puts it, or as a proxy would. */
export function sendRefusal(call: Call, dialect: Dialect, refusal: Refusal, fault: Fault): void {
  const { contentType, body } =
    fault.html === true ? { contentType: 'text/html', body: HTML_PAGE } : dialect.error(refusal);
  const retryAfter = fault.retry_after === undefined ? {} : { 'retry-after': String(fault.retry_after) };
  call.response.writeHead(refusal.status, { 'content-type': contentType, ...retryAfter }).end(body);
}
