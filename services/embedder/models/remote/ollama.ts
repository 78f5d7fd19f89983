import { Ollama } from 'ollama';
import type { Call } from '../../../../shared/resilience/call.ts';
import { providerFetch } from '../../../../shared/resilience/provider-fetch.ts';
import type { EmbeddingClient, RawEmbedding } from './embedding-client.ts';

const PROVIDER = 'ollama';
const KEEP_ALIVE = '10m';
const MOST_TEXTS = 256;

/** Vectors of an Ollama server. A text that is too long is refused, not cut in silence. */
export class OllamaEmbedding implements EmbeddingClient {
  readonly provider = PROVIDER;
  readonly mostTexts = MOST_TEXTS;
  readonly #host: string;
  readonly #model: string;

  constructor(host: string, model: string) {
    this.#host = host;
    this.#model = model;
  }

  async request(texts: readonly string[], call: Call): Promise<RawEmbedding> {
    const client = new Ollama({ host: this.#host, fetch: providerFetch({ provider: PROVIDER, call }) });
    const { embeddings = [], prompt_eval_count } = await client.embed({
      model: this.#model,
      input: [...texts],
      truncate: false,
      keep_alive: KEEP_ALIVE,
    });
    return { vectors: embeddings, tokens: prompt_eval_count };
  }
}
