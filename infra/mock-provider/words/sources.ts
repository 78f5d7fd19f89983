import { readPrompt, type Source } from './reading.ts';
import { hash } from './seed.ts';

const QUESTION = /^\s*(?:question|query)\s*:\s*/im;

const MOST_QUOTES = 4;
const FEWEST_WORDS = 4;

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

const words = (text: string): Set<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []);

/** Sentences that stand whole on one line; each is a slice of the source. */
function sentences(text: string): string[] {
  const found = text
    .split('\n')
    .flatMap((line) => Array.from(segmenter.segment(line), ({ segment }) => segment.trim()))
    .filter((sentence) => sentence.split(/\s+/).length >= FEWEST_WORDS);
  const whole = found.filter((sentence) => /[.!?]["')\]]*$/.test(sentence));
  return whole.length > 0 ? whole : found;
}

const questionOf = (prompt: string): string => {
  const asked = prompt.split(QUESTION);
  return asked.at(-1) ?? prompt;
};

interface Quote {
  readonly n: number;
  readonly sentence: string;
  readonly shared: number;
}

function bestOf({ n, text }: Source, question: ReadonlySet<string>): Quote[] {
  const shared = (sentence: string): number => [...words(sentence)].filter((word) => question.has(word)).length;
  const quotes = sentences(text).map((sentence) => ({ n, sentence, shared: shared(sentence) }));
  return quotes.sort((a, b) => b.shared - a.shared).slice(0, 1);
}

/**
 * The answer to a prompt with numbered sources: the sentence of each source that shares most words with the question, to
 * the letter, followed by the source's number as `[n]`. Undefined when the prompt has no sources.
 */
export function quoteSources(prompt: string): string | undefined {
  const question = words(questionOf(prompt.trimEnd()).split('\n').slice(-3).join(' '));
  const best = readPrompt(prompt).sources.flatMap((source) => bestOf(source, question));
  if (best.length === 0) return undefined;
  const related = best.filter(({ shared }) => shared > 0).sort((a, b) => b.shared - a.shared || a.n - b.n);
  // Nothing is related: one sentence all the same, since a model seldom says that it does not know.
  const chosen = related.length > 0 ? related.slice(0, MOST_QUOTES) : [best[hash(prompt) % best.length] ?? best[0]];
  return chosen
    .filter((quote) => quote !== undefined)
    .sort((a, b) => a.n - b.n)
    .map(({ n, sentence }) => `${sentence} [${n}]`)
    .join(' ');
}
