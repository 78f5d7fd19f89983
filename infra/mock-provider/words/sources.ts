import { hash } from './seed.ts';

/** A numbered source as it stands in a prompt. */
interface Source {
  readonly n: number;
  readonly text: string;
}

/** How a line says "here begins source n": `<source n="1">`, `[1] …` or `Source 1: …`. One prompt uses one of them. */
const TAGGED = /^\s*<(?:source|passage|document)\b[^>]*?\b(?:n|id|index|number)\s*=\s*"?(\d{1,3})"?[^>]*>/i;
const MARKERS = [TAGGED, /^\s*\[(\d{1,3})\]:?/, /^\s*(?:source|passage|document)\s+(\d{1,3})\b\s*:?/i] as const;

/** What ends the last source where none has an end of its own. */
const END = /^\s*(?:(?:question|answer|instructions?|user|query)\b\s*:|-{3,}\s*$|={3,}\s*$)/i;
const CLOSING_TAG = /<\/(?:source|passage|document)>/i;
const QUESTION = /^\s*(?:question|query)\s*:\s*/im;

const MOST_QUOTES = 4;
const FEWEST_WORDS = 4;

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

const words = (text: string): Set<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []);

function readSources(prompt: string): Source[] {
  const lines = prompt.split('\n');
  const marker = MARKERS.find((each) => lines.some((line) => each.test(line)));
  if (marker === undefined) return [];
  const sources: { n: number; lines: string[] }[] = [];
  let open: string[] | undefined;
  for (const line of lines) {
    const found = marker.exec(line);
    if (found !== null) {
      open = [];
      sources.push({ n: Number(found[1]), lines: open });
    } else if (marker !== TAGGED && END.test(line)) open = undefined;
    const text = found === null ? line : line.slice(found[0].length);
    open?.push(text.replace(CLOSING_TAG, ''));
    if (CLOSING_TAG.test(text)) open = undefined;
  }
  return sources.map(({ n, lines }) => ({ n, text: lines.join('\n') }));
}

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
  const best = readSources(prompt).flatMap((source) => bestOf(source, question));
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
