import { z } from 'zod';
import { type Asked, contextOf, fitContext, refuseCrowd, refuseLong, refusePoison } from '../asked.ts';
import { parseBody } from '../body.ts';
import { CATALOGUE } from '../catalogue.ts';
import { base64, components, embedTexts, stringify } from '../embedding.ts';
import { rankTexts } from '../ranking.ts';
import { Refusal } from '../refusal.ts';
import { sendJson, sendText } from '../send.ts';
import { type Framing, stream } from '../stream.ts';
import { type Generation, generate } from '../words/generation.ts';
import { hash } from '../words/seed.ts';
import { countTokens } from '../words/tokens.ts';
import { errorObject } from './openai-error.ts';

const CREATED = 1_735_689_600;
const MS_PER_S = 1_000;

const TextPart = z.looseObject({ type: z.string(), text: z.string().default('') });
const Chat = z.looseObject({
  messages: z
    .array(z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(TextPart), z.null()]) }))
    .min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
});
const Embeddings = z.looseObject({
  input: z.union([z.string(), z.array(z.string()).min(1)]),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().positive().nullish(),
});
const Rerank = z.looseObject({
  query: z.string(),
  documents: z.array(z.string()).min(1),
  top_n: z.int().positive().nullish(),
  return_documents: z.boolean().nullish(),
});

type Content = z.infer<typeof Chat>['messages'][number]['content'];

const textOf = (content: Content): string =>
  typeof content === 'string' ? content : (content ?? []).map(({ text }) => text).join('');

const usageOf = ({ promptTokens, tokens }: Generation) => ({
  prompt_tokens: promptTokens,
  completion_tokens: tokens.length,
  total_tokens: promptTokens + tokens.length,
});

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

const completionId = (prompt: string): string => `chatcmpl-${hash(prompt).toString(16).padStart(8, '0')}`;

const head = (prompt: string, object: string, model: string) => ({
  id: completionId(prompt),
  object,
  created: Math.floor(Date.now() / MS_PER_S),
  model,
  system_fingerprint: 'fp_mock',
});

/** Chunks carry `usage: null` when the last one is to carry the usage. */
function framing({ model }: Asked, prompt: string, generation: Generation, includeUsage: boolean): Framing {
  const shared = head(prompt, 'chat.completion.chunk', model);
  const usage = includeUsage ? { usage: null } : {};
  const chunk = (delta: object, finish_reason: string | null) =>
    event({ ...shared, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...usage });
  const last = includeUsage ? event({ ...shared, choices: [], usage: usageOf(generation) }) : '';
  return {
    contentType: 'text/event-stream; charset=utf-8',
    headersFirst: true,
    open: () => chunk({ role: 'assistant', content: '' }, null),
    token: (content) => chunk({ content }, null),
    malformed: (content) => `${chunk({ content }, null).trimEnd().slice(0, -8)}\n\n`,
    error: (message) => event({ error: errorObject(new Refusal(500, message)) }),
    close: () => `${chunk({}, generation.finish)}${last}data: [DONE]\n\n`,
  };
}

/** POST /v1/chat/completions */
export async function chatCompletions(asked: Asked): Promise<void> {
  const wish = parseBody(Chat, asked.body);
  const prompt = wish.messages.map(({ content }) => textOf(content)).join('\n\n');
  refusePoison(asked, [prompt]);
  const { behaviour, call, model } = asked;
  const limit = wish.max_completion_tokens ?? wish.max_tokens ?? undefined;
  refuseLong(asked, prompt, limit);
  const generation = generate({ prompt, length: behaviour.tokens, limit, obedient: behaviour.obedient });
  if (wish.stream === true) {
    const includeUsage = wish.stream_options?.include_usage === true;
    return stream(asked, generation, framing(asked, prompt, generation, includeUsage));
  }
  const pace = behaviour.itlMs * Math.max(0, generation.tokens.length - 1);
  await call.waitUntil(performance.now() + behaviour.ttftMs + pace);
  const message = { role: 'assistant', content: generation.tokens.join(''), refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: generation.finish }];
  await sendJson(asked, { ...head(prompt, 'chat.completion', model), choices, usage: usageOf(generation) });
}

const promptUsage = (texts: readonly string[]) => {
  const total = texts.reduce((sum, text) => sum + countTokens(text), 0);
  return { prompt_tokens: total, total_tokens: total };
};

/** POST /v1/embeddings */
export async function embeddings(asked: Asked): Promise<void> {
  const { input, dimensions, encoding_format } = parseBody(Embeddings, asked.body);
  const given = typeof input === 'string' ? [input] : input;
  asked.counters.textsCame(given.length);
  refuseCrowd(asked, given.length);
  const texts = fitContext(asked, given, false, 400);
  const vectors = await embedTexts(asked, texts, dimensions ?? asked.behaviour.dimensions);
  const data = vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: encoding_format === 'base64' ? base64(vector) : components(vector, asked.fault),
  }));
  await sendText(asked, stringify({ object: 'list', data, model: asked.model, usage: promptUsage(texts) }));
}

/** POST /v1/rerank, as vLLM, llama.cpp and Jina have it. */
export async function rerank(asked: Asked): Promise<void> {
  const { query, documents, top_n, return_documents } = parseBody(Rerank, asked.body);
  refuseCrowd(asked, documents.length);
  const ranks = await rankTexts(asked, query, documents);
  const results = ranks.slice(0, top_n ?? ranks.length).map(({ index, score }) => ({
    index,
    ...(return_documents === true ? { document: { text: documents[index] } } : {}),
    relevance_score: score,
  }));
  await sendJson(asked, {
    id: `rerank-${hash(query).toString(16)}`,
    model: asked.model,
    usage: promptUsage([query, ...documents]),
    results,
  });
}

/** GET /v1/models, with what vLLM adds. */
export const models = (asked: Asked): Promise<void> =>
  sendJson(asked, {
    object: 'list',
    data: CATALOGUE.map((id) => ({
      id,
      object: 'model',
      created: CREATED,
      owned_by: 'mock',
      max_model_len: contextOf(id),
    })),
  });
