import { z } from 'zod';
import { type Asked, fitContext, refuseCrowd } from '../asked.ts';
import { parseBody } from '../body.ts';
import { components, embedTexts, stringify } from '../embedding.ts';
import { rankTexts } from '../ranking.ts';
import { Refusal } from '../refusal.ts';
import { sendJson, sendText } from '../send.ts';

/** TEI's own default for texts in a request. */
const MOST_TEXTS = 32;
const MOST_INPUT_TOKENS = 512;
/** What its web framework answers to JSON of the wrong shape. */
const WRONG_SHAPE = 422;
const TOO_LONG = 413;

const Embed = z.looseObject({
  inputs: z.union([z.string(), z.array(z.string())]),
  truncate: z.boolean().default(false),
});
const Rerank = z.looseObject({
  query: z.string(),
  texts: z.array(z.string()),
  raw_scores: z.boolean().default(false),
  return_text: z.boolean().default(false),
});

/** POST /embed */
export async function embed(asked: Asked): Promise<void> {
  const { inputs, truncate } = parseBody(Embed, asked.body, WRONG_SHAPE);
  const given = typeof inputs === 'string' ? [inputs] : inputs;
  asked.counters.textsCame(given.length);
  if (given.length === 0) throw new Refusal(400, '`inputs` cannot be empty');
  refuseCrowd(asked, given.length, MOST_TEXTS);
  const texts = fitContext(asked, given, truncate, TOO_LONG);
  const vectors = await embedTexts(asked, texts, asked.behaviour.dimensions);
  await sendText(asked, stringify(vectors.map((vector) => components(vector, asked.fault))));
}

/** POST /rerank */
export async function rerank(asked: Asked): Promise<void> {
  const { query, texts, raw_scores, return_text } = parseBody(Rerank, asked.body, WRONG_SHAPE);
  if (texts.length === 0) throw new Refusal(400, '`texts` cannot be empty');
  refuseCrowd(asked, texts.length, MOST_TEXTS);
  const ranks = await rankTexts(asked, query, texts);
  const answer = ranks.map(({ index, raw, score }) => ({
    index,
    ...(return_text ? { text: texts[index] } : {}),
    score: raw_scores ? raw : score,
  }));
  await sendJson(asked, answer);
}

/** GET /info */
export const info = (asked: Asked): Promise<void> =>
  sendJson(asked, {
    model_id: asked.model,
    model_sha: null,
    model_dtype: 'float32',
    model_type: { embedding: { pooling: 'mean' } },
    max_concurrent_requests: 512,
    max_input_length: asked.behaviour.contextTokens ?? MOST_INPUT_TOKENS,
    max_batch_tokens: 16_384,
    max_batch_requests: null,
    max_client_batch_size: asked.behaviour.maxBatch ?? MOST_TEXTS,
    auto_truncate: false,
    tokenization_workers: 1,
    version: '1.8.2',
    sha: null,
    docker_label: null,
  });

/** GET /health: an empty 200. */
export async function health({ call }: Asked): Promise<void> {
  call.response.writeHead(200).end();
}
