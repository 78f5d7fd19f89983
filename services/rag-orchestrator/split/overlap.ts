import { sentencesOf } from './divide.ts';
import { graphemeStart } from './graphemes.ts';
import type { Span } from './span.ts';
import { estimateTokens } from './tokens.ts';

const words = new Intl.Segmenter('en', { granularity: 'word' });

/**
 * Where a passage begins that repeats the end of the one before: at the first of its sentences from which at most
 * `overlap` tokens are left, else at such a word.
 */
export function overlapStart(text: string, before: Span, overlap: number): number {
  const starts = [...sentencesOf(text, before)].map(({ start }) => start);
  return (
    firstWithin(text, starts, before, overlap) ??
    firstWithin(text, wordStarts(text, before), before, overlap) ??
    before.end
  );
}

function firstWithin(text: string, starts: readonly number[], before: Span, overlap: number): number | undefined {
  let tokens = 0;
  let end = before.end;
  let found: number | undefined;
  for (const start of starts.toReversed()) {
    tokens += estimateTokens(text, start, end);
    if (tokens > overlap || start <= before.start) break;
    found = start;
    end = start;
  }
  return found;
}

function wordStarts(text: string, { start, end }: Span): number[] {
  const segments = [...words.segment(text.slice(start, end))];
  const starts = segments.filter(({ segment }) => segment.trim() !== '').map(({ index }) => start + index);
  return starts.filter((at) => graphemeStart(text, at) === at);
}
