import { z } from 'zod';
import { type Asked, fitContext, refuseCrowd, refusePoison } from '../asked.ts';
import { parseBody } from '../body.ts';
import { components, embedTexts, stringify } from '../embedding.ts';
import { sendJson, sendText } from '../send.ts';
import { type Framing, stream } from '../stream.ts';
import { type Generation, generate } from '../words/generation.ts';
import { countTokens } from '../words/tokens.ts';

const NS_PER_MS = 1_000_000;
const LOAD_NS = 1_000_000;
/** How `options.num_predict` says "as much as you like". */
const UNLIMITED = -1;

const Options = z.looseObject({ num_predict: z.int().optional() }).optional();
const Chat = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string(), content: z.string().default('') })).default([]),
  stream: z.boolean().default(true),
  options: Options,
});
const Generate = z.looseObject({
  prompt: z.string().default(''),
  system: z.string().optional(),
  stream: z.boolean().default(true),
  options: Options,
});
const Embed = z.looseObject({
  input: z.union([z.string(), z.array(z.string())]),
  truncate: z.boolean().default(true),
  dimensions: z.int().positive().optional(),
});

/** The field in which a route carries its text: `message` or `response`. */
type Carrier = (text: string) => Readonly<Record<string, unknown>>;

const inMessage: Carrier = (content) => ({ message: { role: 'assistant', content } });
const inResponse: Carrier = (response) => ({ response });

const limitOf = (options: z.infer<typeof Options>): number | undefined => {
  const limit = options?.num_predict;
  return limit === undefined || limit <= UNLIMITED ? undefined : limit;
};

const head = (model: string) => ({ model, created_at: new Date().toISOString() });

const nsSince = (start: number): number => Math.max(1, Math.round((performance.now() - start) * NS_PER_MS));

/** What the last line tells beside the text. */
function ending({ behaviour }: Asked, { finish, tokens, promptTokens }: Generation, start: number) {
  const total = nsSince(start) + LOAD_NS;
  const prompt = Math.min(total - 1, Math.max(1, behaviour.ttftMs * NS_PER_MS));
  return {
    done_reason: finish,
    done: true,
    total_duration: total,
    load_duration: LOAD_NS,
    prompt_eval_count: promptTokens,
    prompt_eval_duration: prompt,
    eval_count: tokens.length,
    eval_duration: total - prompt,
  };
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;

function framing(asked: Asked, generation: Generation, carry: Carrier, extra: object): Framing {
  const start = performance.now();
  const tokenLine = (text: string) => line({ ...head(asked.model), ...carry(text), done: false });
  return {
    contentType: 'application/x-ndjson',
    headersFirst: false,
    token: tokenLine,
    malformed: (text) => `${tokenLine(text).slice(0, -8)}\n`,
    error: (error) => line({ error }),
    close: () => line({ ...head(asked.model), ...carry(''), ...ending(asked, generation, start), ...extra }),
  };
}

interface Telling {
  readonly prompt: string;
  readonly limit: number | undefined;
  readonly streamed: boolean;
  readonly carry: Carrier;
  readonly extra?: object;
}

async function tell(asked: Asked, { prompt, limit, streamed, carry, extra = {} }: Telling): Promise<void> {
  refusePoison(asked, [prompt]);
  const { behaviour, call, model } = asked;
  const generation = generate({ prompt, length: behaviour.tokens, limit, obedient: behaviour.obedient });
  if (streamed) return stream(asked, generation, framing(asked, generation, carry, extra));
  const start = performance.now();
  await call.waitUntil(start + behaviour.ttftMs + behaviour.itlMs * Math.max(0, generation.tokens.length - 1));
  const text = generation.tokens.join('');
  await sendJson(asked, { ...head(model), ...carry(text), ...ending(asked, generation, start), ...extra });
}

/** Without anything to answer, the request only loads the model. */
const load = (asked: Asked, carry: Carrier): Promise<void> =>
  sendJson(asked, { ...head(asked.model), ...carry(''), done_reason: 'load', done: true });

/** POST /api/chat */
export function chat(asked: Asked): Promise<void> {
  const { messages, options, stream: streamed } = parseBody(Chat, asked.body);
  if (messages.length === 0) return load(asked, inMessage);
  const prompt = messages.map(({ content }) => content).join('\n\n');
  return tell(asked, { prompt, limit: limitOf(options), streamed, carry: inMessage });
}

/** POST /api/generate */
export function generateText(asked: Asked): Promise<void> {
  const { prompt, system, options, stream: streamed } = parseBody(Generate, asked.body);
  if (prompt === '') return load(asked, inResponse);
  const whole = system === undefined ? prompt : `${system}\n\n${prompt}`;
  const extra = { context: [1, 2, 3] };
  return tell(asked, { prompt: whole, limit: limitOf(options), streamed, carry: inResponse, extra });
}

/** POST /api/embed */
export async function embed(asked: Asked): Promise<void> {
  const start = performance.now();
  const { input, truncate, dimensions } = parseBody(Embed, asked.body);
  const given = typeof input === 'string' ? [input] : input;
  asked.counters.textsCame(given.length);
  refuseCrowd(asked, given.length);
  const texts = fitContext(asked, given, truncate, 400);
  const vectors = await embedTexts(asked, texts, dimensions ?? asked.behaviour.dimensions);
  const answer = {
    model: asked.model,
    embeddings: vectors.map((vector) => components(vector, asked.fault)),
    total_duration: nsSince(start) + LOAD_NS,
    load_duration: LOAD_NS,
    prompt_eval_count: texts.reduce((sum, text) => sum + countTokens(text), 0),
  };
  await sendText(asked, stringify(answer));
}
