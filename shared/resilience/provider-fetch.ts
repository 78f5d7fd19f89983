import type { Call } from './call.ts';
import { refusal } from './refusal.ts';

const LONGEST_EXPLANATION_CHARS = 16 * 1024;

export interface ProviderFetchOptions {
  readonly provider: string;
  readonly call: Call;
  /** Never shown, should the provider repeat them. */
  readonly secrets?: readonly string[];
  /** What a streamed answer has to go through before anyone reads it. */
  readonly check?: () => TransformStream<Uint8Array, Uint8Array>;
}

/** The beginning of a body; the rest is not worth the wait. */
async function beginning(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  if (body === null) return text;
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length >= LONGEST_EXPLANATION_CHARS) break;
    }
  } catch {
    // The status says enough.
  }
  return text;
}

const heardWith = (heard: () => void): TransformStream<Uint8Array, Uint8Array> =>
  new TransformStream({
    transform: (chunk, controller) => {
      heard();
      controller.enqueue(chunk);
    },
  });

/**
 * The `fetch` of one call: it obeys the call's signal and its limits on silence, and turns every refusal into an error
 * of ours. What libraries make of a refusal loses Retry-After, keeps the key in it, or tries again by itself.
 */
export const providerFetch =
  ({ provider, call, secrets = [], check }: ProviderFetchOptions): typeof fetch =>
  async (input, init) => {
    const response = await fetch(input, { ...init, signal: call.signal });
    // Headers are no sign of life: some servers send them before the model has read the prompt.
    const { status, headers } = response;
    if (!response.ok) {
      const body = await beginning(response.body);
      call.signal.throwIfAborted();
      throw refusal(provider, { status, headers, body, secrets });
    }
    if (response.body === null) return response;
    const heard = response.body.pipeThrough(heardWith(call.heard));
    return new Response(check === undefined ? heard : heard.pipeThrough(check()), { status, headers });
  };
