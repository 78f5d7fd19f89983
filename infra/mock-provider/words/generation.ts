import { condensed } from './condensed.ts';
import { orderedWords } from './orders.ts';
import { prose } from './prose.ts';
import { quoteSources } from './sources.ts';
import { countTokens, tokens } from './tokens.ts';

/** What a model says to a prompt. */
export interface Generation {
  readonly tokens: readonly string[];
  /** `stop`: it was done; `length`: the request's limit cut it. */
  readonly finish: 'stop' | 'length';
  readonly promptTokens: number;
}

export interface Wish {
  /** All that the model reads, messages joined by newlines. */
  readonly prompt: string;
  /** How much the model has to say; when absent, quotes are said once and prose has the default length. */
  readonly length?: number | undefined;
  /** Does what the prompt orders outside of its sources, whoever wrote it. */
  readonly obedient?: boolean | undefined;
  /** The request's limit. */
  readonly limit?: number | undefined;
}

const DEFAULT_TOKENS = 64;

function wholeText({ prompt, length, obedient = false }: Wish): readonly string[] {
  const quoted = (obedient ? orderedWords(prompt) : undefined) ?? condensed(prompt) ?? quoteSources(prompt);
  if (quoted === undefined) return tokens(prose(prompt, length ?? DEFAULT_TOKENS));
  const once = tokens(quoted);
  if (length === undefined) return once;
  const again = once.map((token, index) => (index === 0 ? ` ${token}` : token));
  return Array.from({ length }, (_, i) => (i < once.length ? once : again)[i % once.length] ?? '');
}

/** The text follows from the prompt alone, so that models that differ in faults and pace say the same. */
export function generate(wish: Wish): Generation {
  const whole = wholeText(wish);
  const limit = wish.limit ?? whole.length;
  const cut = whole.length > limit;
  return {
    tokens: cut ? whole.slice(0, limit) : whole,
    finish: cut ? 'length' : 'stop',
    promptTokens: countTokens(wish.prompt),
  };
}
