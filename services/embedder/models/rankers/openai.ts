import { z } from 'zod';
import type { Call } from '../../../../shared/resilience/call.ts';
import { jsonHeaders, openAiRoute } from '../../../../shared/resilience/endpoint.ts';
import { broken } from '../../../../shared/resilience/failure.ts';
import { providerFetch } from '../../../../shared/resilience/provider-fetch.ts';
import type { RankingClient, Score } from './ranking-client.ts';

const PROVIDER = 'openai';
const MOST_TEXTS = 100;

const Answer = z.object({
  results: z.array(z.object({ index: z.int().nonnegative(), relevance_score: z.number() })),
});

export interface OpenAiRankingOptions {
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  readonly model: string;
}

/** Scores of servers with `/v1/rerank`, the way of Jina: vLLM, llama.cpp. */
export class OpenAiRanking implements RankingClient {
  readonly provider = PROVIDER;
  readonly mostTexts = MOST_TEXTS;
  readonly #options: OpenAiRankingOptions;

  constructor(options: OpenAiRankingOptions) {
    this.#options = options;
  }

  async request(question: string, texts: readonly string[], call: Call): Promise<readonly Score[]> {
    const { baseUrl, apiKey, model } = this.#options;
    const fetch = providerFetch({ provider: PROVIDER, call, secrets: apiKey === undefined ? [] : [apiKey] });
    const response = await fetch(openAiRoute(baseUrl, 'rerank'), {
      method: 'POST',
      headers: jsonHeaders(apiKey),
      body: JSON.stringify({ model, query: question, documents: texts, top_n: texts.length }),
    });
    const { success, data } = Answer.safeParse(await response.json());
    if (!success) throw broken(PROVIDER, 'gave what is no list of scores');
    return data.results.map(({ index, relevance_score }) => ({ index, score: relevance_score }));
  }
}
