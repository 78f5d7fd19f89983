import type { Call } from './call.ts';
import { checkedLines } from './checked-lines.ts';
import { refusal } from './refusal.ts';

const LONGEST_EXPLANATION_BYTES = 16 * 1024;

/** The beginning of a body; the rest is not worth the wait. */
async function beginning(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  if (body === null) return text;
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= LONGEST_EXPLANATION_BYTES) break;
  }
  return text;
}

/**
 * The `fetch` that the client gets for one call: it obeys the call's signal, turns every refusal into an error of ours
 * (the client's own loses Retry-After and writes to stdout), and checks the lines of a streamed answer.
 */
export const guardedFetch =
  (provider: string, call: Call): typeof fetch =>
  async (input, init) => {
    const response = await fetch(input, { ...init, signal: call.signal });
    call.heard();
    if (!response.ok) throw refusal(provider, response.status, response.headers, await beginning(response.body));
    if (response.body === null) return response;
    const { status, headers } = response;
    return new Response(response.body.pipeThrough(checkedLines(provider, call.heard)), { status, headers });
  };
