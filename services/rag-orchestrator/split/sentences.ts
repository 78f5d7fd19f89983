import { graphemeStart } from './graphemes.ts';
import { type Span, trimmed } from './span.ts';

/**
 * A segmenter copies its whole input at each step, so it is shown no more than this at once: the time stays linear.
 * Only a sentence that does not end within is looked for in more.
 */
const WINDOW_CHARS = 2_000;

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** The sentences of a span, trimmed. A line ending does not end one: much text is wrapped by hand. */
export function* sentencesOf(text: string, { start, end }: Span): Generator<Span> {
  let from = start;
  for (let size = WINDOW_CHARS; from < end; size *= 2) {
    const to = Math.min(end, from + size);
    const most = size === WINDOW_CHARS ? Number.POSITIVE_INFINITY : 1;
    const ends = sentenceEnds(text, from, to, to === end, most);
    for (const at of ends) {
      const whole = at === end ? end : graphemeStart(text, at);
      const cut = whole > from ? whole : at;
      const sentence = trimmed(text, { start: from, end: cut });
      if (sentence !== undefined) yield sentence;
      from = cut;
    }
    if (ends.length > 0) size = WINDOW_CHARS / 2;
  }
}

/** Where sentences end in a window, at most so many; the last counts only when the text ends with the window. */
function sentenceEnds(text: string, from: number, to: number, isAll: boolean, most: number): number[] {
  const flowing = text.slice(from, to).replace(/[\n\r\v\f\u0085\u2028\u2029]/g, ' ');
  const ends: number[] = [];
  for (const { index, segment } of segmenter.segment(flowing)) {
    const end = from + index + segment.length;
    if (end < to || isAll) ends.push(end);
    if (ends.length >= most) break;
  }
  return ends;
}
