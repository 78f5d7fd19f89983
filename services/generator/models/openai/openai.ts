import { askJson } from '../../../../shared/resilience/ask-json.ts';
import type { Call } from '../../../../shared/resilience/call.ts';
import { jsonHeaders, OPENAI_HOST, openAiRoute } from '../../../../shared/resilience/endpoint.ts';
import { broken } from '../../../../shared/resilience/failure.ts';
import { providerFetch } from '../../../../shared/resilience/provider-fetch.ts';
import { chatEvents } from '../../../../shared/resilience/sse.ts';
import type { GenerationRequest, Piece } from '../model.ts';
import type { ChatClient } from '../remote/chat-client.ts';
import { chatBody, probeBody } from './chat-body.ts';
import { piecesOf } from './chunk.ts';
import { contextInModels, contextInProps } from './context-length.ts';

const PROVIDER = 'openai';

export interface OpenAiChatOptions {
  /** Base address, with or without `/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
}

interface ChatBody {
  readonly model: string;
  readonly max_tokens?: number;
  readonly stream?: true;
}

/** Texts of any OpenAI-compatible server: vLLM, llama.cpp, LM Studio, OpenAI. */
export class OpenAiChat implements ChatClient {
  readonly provider = PROVIDER;
  readonly #url: string;
  readonly #baseUrl: string;
  readonly #apiKey: string | undefined;

  constructor({ baseUrl, apiKey }: OpenAiChatOptions) {
    this.#baseUrl = baseUrl;
    this.#url = openAiRoute(baseUrl, 'chat/completions');
    this.#apiKey = apiKey;
  }

  async *chat(model: string, request: GenerationRequest, call: Call): AsyncGenerator<Piece> {
    const { body, headers } = await this.#post({ ...chatBody(model, request), stream: true }, call);
    if (body === null || headers.get('content-type')?.startsWith('text/event-stream') !== true) {
      throw broken(PROVIDER, `answered ${headers.get('content-type') ?? 'nothing'} instead of a stream of events`);
    }
    yield* piecesOf(PROVIDER, model, body.pipeThrough(chatEvents(PROVIDER)));
  }

  async contextTokens(model: string, call: Call): Promise<number | undefined> {
    // OpenAI itself does not say it.
    if (this.#isOpenAi) return undefined;
    const ask = (url: string) => askJson({ provider: PROVIDER, url, call, key: this.#apiKey });
    const told = contextInModels(await ask(openAiRoute(this.#baseUrl, 'models')), model);
    return told ?? contextInProps(await ask(new URL('/props', this.#url).href));
  }

  async probe(model: string, call: Call): Promise<void> {
    await (await this.#post(probeBody(model), call)).json();
  }

  get #isOpenAi(): boolean {
    return new URL(this.#url).hostname === OPENAI_HOST;
  }

  #post(body: ChatBody, call: Call): Promise<Response> {
    const secrets = this.#apiKey === undefined ? [] : [this.#apiKey];
    const init = { method: 'POST', headers: jsonHeaders(this.#apiKey), body: JSON.stringify(this.#renamed(body)) };
    return providerFetch({ provider: PROVIDER, call, secrets })(this.#url, init);
  }

  #renamed({ max_tokens, ...rest }: ChatBody): object {
    if (max_tokens === undefined) return rest;
    // OpenAI itself has given it another name; the others know the old one.
    return this.#isOpenAi ? { ...rest, max_completion_tokens: max_tokens } : { ...rest, max_tokens };
  }
}
