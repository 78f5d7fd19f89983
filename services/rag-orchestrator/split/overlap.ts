import { graphemeStart } from './graphemes.ts';
import { sentencesOf } from './sentences.ts';
import type { Span } from './span.ts';
import { countTokens } from './tokens.ts';

const words = new Intl.Segmenter('en', { granularity: 'word' });
/** Beyond this many characters for a token only white space can be. */
const MAX_CHARS_PER_TOKEN = 6;

/**
 * Where a passage begins that repeats the end of the one before: at the first of its sentences from which at most
 * `overlap` tokens are left, else at such a word.
 */
export function overlapStart(text: string, before: Span, overlap: number): number {
  const sentences = [...sentencesOf(text, before)].map(({ start }) => start);
  return (
    firstWithin(text, sentences, before, overlap) ??
    firstWithin(text, lastWords(text, before, overlap), before, overlap) ??
    before.end
  );
}

function firstWithin(text: string, starts: readonly number[], before: Span, overlap: number): number | undefined {
  let tokens = 0;
  let end = before.end;
  let found: number | undefined;
  for (const start of starts.toReversed()) {
    tokens += countTokens(text, start, end);
    if (tokens > overlap || start <= before.start) break;
    found = start;
    end = start;
  }
  return found;
}

/** Where the words begin among which the first of the repeated ones must be. */
function lastWords(text: string, { start, end }: Span, overlap: number): number[] {
  const from = Math.max(start, Math.floor(end - overlap * MAX_CHARS_PER_TOKEN));
  const tail = text.slice(from, end);
  const spaced = Array.from(tail.matchAll(/\s(?=\S)/g), ({ index }) => index + 1);
  const starts = spaced.length > 0 ? spaced : wordStarts(tail);
  return starts.map((at) => from + at).filter((at) => graphemeStart(text, at) === at);
}

/** For scripts without spaces. The first word may have been cut. */
function wordStarts(tail: string): number[] {
  const [, ...segments] = words.segment(tail);
  return segments.map(({ index }) => index);
}
