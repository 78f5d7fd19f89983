import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the double does to `POST /api/chat` instead of answering well. */
export type Fault =
  | { readonly kind: 'none' }
  /** Answers with an HTTP status. `body` is sent as it is when it is a string, else as JSON. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string; readonly body?: unknown }
  /** Says nothing: before the headers, or after `afterPieces` pieces. */
  | { readonly kind: 'hang'; readonly afterPieces?: number }
  /** Cuts the connection, likewise. */
  | { readonly kind: 'reset'; readonly afterPieces?: number }
  /** Ends the stream in good order, but before its last line. */
  | { readonly kind: 'truncate'; readonly afterPieces: number }
  /** Sends a line that is no JSON. */
  | { readonly kind: 'malformed'; readonly afterPieces: number }
  /** Sends an error as a line of the stream, as Ollama does when its runner dies. */
  | { readonly kind: 'error-line'; readonly afterPieces: number }
  /** Sends well, but slowly, and cuts its bytes anywhere, also inside characters. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number };

export interface ChatBody {
  readonly model: string;
  readonly messages?: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
  readonly options?: Readonly<Record<string, unknown>>;
}

const HEADERS = { 'content-type': 'application/x-ndjson' };

const line = (model: string, content: string): string =>
  `${JSON.stringify({ model, created_at: new Date().toISOString(), message: { role: 'assistant', content }, done: false })}\n`;

const lastLine = (model: string, pieces: number, reason: string): string =>
  `${JSON.stringify({
    model,
    created_at: new Date().toISOString(),
    message: { role: 'assistant', content: '' },
    done_reason: reason,
    done: true,
    total_duration: 12_000_000,
    load_duration: 1_000_000,
    prompt_eval_count: 26,
    prompt_eval_duration: 3_000_000,
    eval_count: pieces,
    eval_duration: 8_000_000,
  })}\n`;

export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** What happens after some pieces. Resolves when the request is over, one way or another. */
async function fail(fault: Fault, response: ServerResponse): Promise<void> {
  switch (fault.kind) {
    case 'hang':
      return await new Promise((resolve) => response.once('close', resolve));
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'truncate':
      response.end();
      return;
    case 'malformed':
      response.write('{"model":"llama3.2","message":{"role":"assi\n');
      return;
    case 'error-line':
      response.end('{"error":"llama runner process has terminated: signal: killed"}\n');
      return;
    case 'none':
    case 'status':
    case 'drip':
      return;
    default:
      fault satisfies never;
  }
}

const pieceOfFault = (fault: Fault): number | undefined => ('afterPieces' in fault ? fault.afterPieces : undefined);

async function drip(bytes: Buffer, { bytes: size, everyMs }: Fault & { kind: 'drip' }, response: ServerResponse) {
  for (let at = 0; at < bytes.length && !response.closed; at += size) {
    response.write(bytes.subarray(at, at + size));
    await sleep(everyMs);
  }
  response.end();
}

/** Streams the pieces, failing where the fault says so. */
export async function stream(
  body: ChatBody,
  pieces: readonly string[],
  fault: Fault,
  pieceMs: number,
  response: ServerResponse,
) {
  if (fault.kind === 'drip') {
    response.writeHead(200, HEADERS);
    const all = pieces.map((piece) => line(body.model, piece)).join('') + lastLine(body.model, pieces.length, 'stop');
    return await drip(Buffer.from(all), fault, response);
  }
  if ((fault.kind === 'hang' || fault.kind === 'reset') && fault.afterPieces === undefined)
    return await fail(fault, response);
  // Like the real one: the status comes with the first line.
  for (const [index, piece] of pieces.entries()) {
    if (response.closed) return;
    if (!response.headersSent) response.writeHead(200, HEADERS);
    if (index === pieceOfFault(fault)) {
      await fail(fault, response);
      if (fault.kind !== 'malformed') return;
    }
    response.write(line(body.model, piece));
    if (pieceMs > 0) await sleep(pieceMs);
  }
  if ((pieceOfFault(fault) ?? -1) >= pieces.length) {
    await fail(fault, response);
    if (fault.kind !== 'malformed') return;
  }
  const limit = body.options?.num_predict;
  response.end(lastLine(body.model, pieces.length, limit === pieces.length ? 'length' : 'stop'));
}
