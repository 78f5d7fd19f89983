import { wholeCharacters } from './graphemes.ts';
import { textTokens } from './token-count.ts';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' });

/** The longest beginning of a text that has so many tokens at most, cut between words where it can be. */
function beginning(text: string, tokens: number): string {
  let [fits, beyond] = [0, text.length];
  while (beyond - fits > 1) {
    const middle = Math.floor((fits + beyond) / 2);
    if (textTokens(text.slice(0, middle)) <= tokens) fits = middle;
    else beyond = middle;
  }
  // One more, since the last character of a text counts as unfinished.
  const whole = text.slice(0, Math.min(fits, wholeCharacters(text.slice(0, fits + 1))));
  return /^.*(?=\s)/su.exec(whole)?.[0].trimEnd() || whole;
}

/** A text cut at the end of a sentence, so that it has so many tokens at most; between words if its first is longer. */
export function shorten(text: string, tokens: number): string {
  if (textTokens(text) <= tokens) return text;
  let end = 0;
  let left = tokens;
  for (const { index, segment } of segmenter.segment(text)) {
    left -= textTokens(segment);
    if (left < 0) break;
    end = index + segment.length;
  }
  return end > 0 ? text.slice(0, end).trimEnd() : beginning(text, tokens);
}
