import { graphemeEnd, graphemeStart } from './graphemes.ts';

/** A stretch of a document's text (UTF-16 offsets). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const isSpace = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return code === 0x20 || (code <= 0x0d && code >= 0x09) || (code >= 0xa0 && /\s/.test(text.charAt(at)));
};

/**
 * A span without the white space at its ends, as far as graphemes allow; undefined when nothing else is in it.
 * With `keepIndent` its first line keeps its indentation.
 */
export function trimmed(text: string, { start, end }: Span, keepIndent = false): Span | undefined {
  let from = start;
  let to = end;
  while (from < to && isSpace(text, from)) from++;
  if (from === to) return undefined;
  while (isSpace(text, to - 1)) to--;
  if (keepIndent) while (from > start && isBlank(text.charCodeAt(from - 1))) from--;
  return { start: Math.max(start, graphemeStart(text, from)), end: Math.min(end, graphemeEnd(text, to)) };
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
