import { z } from 'zod';
import type { Call } from '../../../../shared/resilience/call.ts';
import { jsonHeaders, routeBelow } from '../../../../shared/resilience/endpoint.ts';
import { broken } from '../../../../shared/resilience/failure.ts';
import { HUGGING_FACE } from '../../../../shared/resilience/hugging-face.ts';
import { providerFetch } from '../../../../shared/resilience/provider-fetch.ts';
import type { RankingClient, Score } from './ranking-client.ts';

/** What TEI takes by default. */
const MOST_TEXTS = 32;

const Answer = z.array(z.object({ index: z.int().nonnegative(), score: z.number() }));

export interface TeiOptions {
  /** Base address, or that of its `/rerank`. */
  readonly url: string;
  readonly token?: string | undefined;
}

const rerankOf = (url: string): string => (new URL(url).pathname.endsWith('/rerank') ? url : routeBelow(url, 'rerank'));

/** Scores of Text Embeddings Inference with a model that ranks. */
export class TeiRanking implements RankingClient {
  readonly provider = HUGGING_FACE;
  readonly mostTexts = MOST_TEXTS;
  readonly #url: string;
  readonly #token: string | undefined;

  constructor({ url, token }: TeiOptions) {
    this.#url = rerankOf(url);
    this.#token = token;
  }

  async request(question: string, texts: readonly string[], call: Call): Promise<readonly Score[]> {
    const secrets = this.#token === undefined ? [] : [this.#token];
    const response = await providerFetch({ provider: this.provider, call, secrets })(this.#url, {
      method: 'POST',
      headers: jsonHeaders(this.#token),
      body: JSON.stringify({ query: question, texts, truncate: true }),
    });
    const { success, data } = Answer.safeParse(await response.json());
    if (!success) throw broken(this.provider, 'gave what is no list of scores');
    return data;
  }
}
