import { z } from 'zod';
import type { Call } from '../../../../shared/resilience/call.ts';
import { jsonHeaders, openAiRoute } from '../../../../shared/resilience/endpoint.ts';
import { broken } from '../../../../shared/resilience/failure.ts';
import { providerFetch } from '../../../../shared/resilience/provider-fetch.ts';
import type { EmbeddingClient, RawEmbedding } from './embedding-client.ts';

const PROVIDER = 'openai';
const MOST_TEXTS = 256;

const Answer = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.unknown() })),
  usage: z.object({ prompt_tokens: z.int() }).partial().nullish(),
});

export interface OpenAiEmbeddingOptions {
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  readonly model: string;
}

/** Vectors of any OpenAI-compatible server. They are asked for in base64: a quarter of the bytes of numbers in JSON. */
export class OpenAiEmbedding implements EmbeddingClient {
  readonly provider = PROVIDER;
  readonly mostTexts = MOST_TEXTS;
  readonly #options: OpenAiEmbeddingOptions;

  constructor(options: OpenAiEmbeddingOptions) {
    this.#options = options;
  }

  async request(texts: readonly string[], call: Call): Promise<RawEmbedding> {
    const { baseUrl, apiKey, model } = this.#options;
    const fetch = providerFetch({ provider: PROVIDER, call, secrets: apiKey === undefined ? [] : [apiKey] });
    const response = await fetch(openAiRoute(baseUrl, 'embeddings'), {
      method: 'POST',
      headers: jsonHeaders(apiKey),
      body: JSON.stringify({ model, input: texts, encoding_format: 'base64' }),
    });
    const { success, data: answer } = Answer.safeParse(await response.json());
    if (!success) throw broken(PROVIDER, 'gave what is no list of embeddings');
    const inOrder = answer.data.toSorted((a, b) => a.index - b.index);
    return { vectors: inOrder.map(({ embedding }) => embedding), tokens: answer.usage?.prompt_tokens };
  }
}
