import type { Fault } from './fault.ts';

/** How a model behaves, as its name says. */
export interface Behaviour {
  /** Time to the first token, or before an embedding or ranking begins. */
  readonly ttftMs: number;
  /** Time between tokens, or for each text of an embedding or ranking. */
  readonly itlMs: number;
  /** Tokens of an answer; absent: quotes of the sources once, or 64 tokens. */
  readonly tokens?: number;
  /** Obeys orders in a prompt, unless they stand in one of its sources. */
  readonly obedient?: boolean;
  /** Each token of a stream is the time at which it is sent, in ms since 1970. */
  readonly clock?: boolean;
  readonly dimensions: number;
  /** Texts with more tokens are refused unless the request allows to cut them. */
  readonly contextTokens?: number;
  /** Texts in one request, at most. */
  readonly maxBatch?: number;
  readonly fault: Fault;
  /** Only so many first requests for this model meet the fault. */
  readonly times?: number;
}

const PLAIN: Behaviour = { ttftMs: 0, itlMs: 0, dimensions: 384, fault: {} };

/** A part of a model's name, between hyphens. */
interface Part {
  readonly form: string;
  readonly means: string;
  readonly pattern: RegExp;
  readonly apply: (so: Behaviour, n: number) => Behaviour;
}

const number = (name: string, means: string, apply: Part['apply']): Part => ({
  form: `${name}N`,
  means,
  pattern: new RegExp(`^${name}(\\d{1,7})$`),
  apply,
});

const word = (name: string, means: string, fault: Fault): Part => ({
  form: name,
  means,
  pattern: new RegExp(`^${name}$`),
  apply: (so) => ({ ...so, fault: { ...so.fault, ...fault } }),
});

const faulty = (form: string, means: string, pattern: RegExp, fault: (n: number) => Fault): Part => ({
  form,
  means,
  pattern,
  apply: (so, n) => ({ ...so, fault: { ...so.fault, ...fault(n) } }),
});

const OBEDIENT: Part = {
  form: 'obedient',
  means: 'says what the prompt orders outside of its sources',
  pattern: /^obedient$/,
  apply: (so) => ({ ...so, obedient: true }),
};

const CLOCK: Part = {
  form: 'clock',
  means: 'each token of a stream is the time it is sent at (ms)',
  pattern: /^clock$/,
  apply: (so) => ({ ...so, clock: true }),
};

const LABELS: Part = {
  form: 'chat embed rerank fault',
  means: 'nothing: for the reader',
  pattern: /^(?:chat|embed|rerank|fault)$/,
  apply: (so) => so,
};

/** All that a name can say; `--help` prints it. */
export const PARTS: readonly Part[] = [
  number('ttft', 'ms to the first token (embeddings: before the batch)', (so, ttftMs) => ({ ...so, ttftMs })),
  number('itl', 'ms between tokens (embeddings: for each text)', (so, itlMs) => ({ ...so, itlMs })),
  number('len', 'tokens in the answer', (so, tokens) => ({ ...so, tokens })),
  number('d', 'dimensions of embeddings (384)', (so, dimensions) => ({ ...so, dimensions })),
  number('ctx', 'longest text in tokens', (so, contextTokens) => ({ ...so, contextTokens })),
  number('maxbatch', 'most texts in a request', (so, maxBatch) => ({ ...so, maxBatch })),
  faulty('429 503 …', 'that status, in the error body of the dialect', /^([45]\d\d)$/, (status) => ({ status })),
  number('retry', 'Retry-After in seconds', (so, retry_after) => ({ ...so, fault: { ...so.fault, retry_after } })),
  word('html', 'the error body is HTML, as from a proxy', { html: true }),
  word('hang', 'silence before the headers', { hang: 'headers' }),
  word('hangmid', 'silence in mid-stream', { hang: 'stream' }),
  word('reset', 'connection reset before the headers', { reset: 'headers' }),
  word('resetmid', 'connection reset in mid-stream', { reset: 'stream' }),
  word('truncated', 'clean end without the end marker', { truncate: true }),
  word('malformed', 'one line in mid-stream is no JSON', { malformed: true }),
  word('errorline', 'an error line in mid-stream', { error_line: true }),
  number('after', 'tokens before a mid-stream fault (3)', (so, after) => ({ ...so, fault: { ...so.fault, after } })),
  word('split', 'lines and UTF-8 sequences cut across chunks', { split: true }),
  faulty('dripN', '8 bytes every N ms', /^drip([1-9]\d{0,5})$/, (drip_ms) => ({ drip_ms })),
  word('fewer', 'one embedding is missing', { embeddings: 'fewer' }),
  word('more', 'one embedding too many', { embeddings: 'more' }),
  word('baddims', 'embeddings of one dimension too few', { embeddings: 'dimensions' }),
  word('nan', 'NaN in an embedding', { nan: 'literal' }),
  word('null', 'null in an embedding', { nan: 'null' }),
  faulty('poison poison413', 'texts with the word "poison" fail the batch', /^poison([45]\d\d)?$/, (status) => ({
    poison: { word: 'poison', ...(status > 0 ? { status } : {}) },
  })),
  number('times', 'only the first N requests meet the fault', (so, times) => ({ ...so, times })),
  OBEDIENT,
  CLOCK,
  LABELS,
];

/** There is no model of this name; the reason is for who mistyped it. */
export interface UnknownModel {
  readonly unknown: string | undefined;
}

/** The behaviour that a name asks for. The `:tag` at its end is free. */
export function behaviourOf(model: string): Behaviour | UnknownModel {
  const [first, ...parts] = model.replace(/:[^:]*$/, '').split('-');
  if (first !== 'mock') return { unknown: undefined };
  let so = PLAIN;
  for (const text of parts) {
    const part = PARTS.find(({ pattern }) => pattern.test(text));
    if (part === undefined) return { unknown: `"${text}" means nothing` };
    so = part.apply(so, Number(part.pattern.exec(text)?.[1] ?? 0));
  }
  if (so.dimensions < 2) return { unknown: 'embeddings have two dimensions or more' };
  return so;
}
