import { type ChatResponse, Ollama } from 'ollama';
import type { Usage } from '../../../../shared/messages/job.ts';
import type { Call } from '../../../../shared/resilience/call.ts';
import { providerFetch } from '../../../../shared/resilience/provider-fetch.ts';
import type { GenerationRequest, Piece } from '../model.ts';
import type { ChatClient } from '../remote/chat-client.ts';
import { chatRequest, KEEP_ALIVE } from './chat-request.ts';
import { checkedLines } from './checked-lines.ts';
import { contextInShow } from './context-length.ts';

const PROVIDER = 'ollama';
const NANOSECONDS_PER_MS = 1e6;

function usage({ prompt_eval_count, eval_count, total_duration }: ChatResponse): Usage {
  return {
    ...(prompt_eval_count !== undefined && { prompt_tokens: prompt_eval_count }),
    ...(eval_count !== undefined && { completion_tokens: eval_count }),
    ...(total_duration !== undefined && { provider_ms: Math.round(total_duration / NANOSECONDS_PER_MS) }),
  };
}

/** Texts of an Ollama server. */
export class OllamaChat implements ChatClient {
  readonly provider = PROVIDER;
  readonly #host: string;

  constructor(host: string) {
    this.#host = host;
  }

  async *chat(model: string, request: GenerationRequest, call: Call, context?: number): AsyncGenerator<Piece> {
    const stream = await this.#client(call, () => checkedLines(PROVIDER)).chat(chatRequest(model, request, context));
    for await (const chunk of stream) {
      if (chunk.message?.content) yield { text: chunk.message.content };
      if (chunk.done) yield { finish: { finish_reason: chunk.done_reason || 'stop', model, usage: usage(chunk) } };
    }
  }

  async contextTokens(model: string, call: Call): Promise<number | undefined> {
    return contextInShow(await this.#client(call).show({ model }));
  }

  /** Has the server load the model: a chat without messages does nothing else. A slow load goes on without us. */
  async probe(model: string, call: Call): Promise<void> {
    await this.#client(call).chat({ model, messages: [], stream: false, keep_alive: KEEP_ALIVE });
  }

  /** One client a call: its `abort` would end every stream it has. */
  #client(call: Call, check?: () => TransformStream<Uint8Array, Uint8Array>): Ollama {
    const fetch = providerFetch({ provider: PROVIDER, call, ...(check !== undefined && { check }) });
    return new Ollama({ host: this.#host, fetch });
  }
}
