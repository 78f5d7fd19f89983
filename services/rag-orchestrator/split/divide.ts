import type { TextBlock } from './document.ts';
import { graphemeEnd, graphemeStart, isLowSurrogate } from './graphemes.ts';
import { linesOf } from './lines.ts';
import { sentencesOf } from './sentences.ts';
import { type Span, trimmed } from './span.ts';
import { countTokens, reach } from './tokens.ts';

/** What a cut before a unit costs when passages are packed, beside their raggedness (see `pack`). */
export const SEAM = { block: 0, item: 0.03, codeLine: 0.05, sentence: 0.1, line: 0.15 } as const;

/** A span that is not cut any further: it fits the budget. */
export interface Unit extends Span {
  readonly tokens: number;
  readonly seam: number;
  /**
   * It begins a piece in any case: it is a further part of a sentence that does not fit, and parts of a word cost more
   * together than apart.
   */
  readonly opens?: true;
}

const words = new Intl.Segmenter('en', { granularity: 'word' });
/** How far behind a cut the text is shown to the segmenter of words. */
const LOOK_AHEAD = 48;
/** A grapheme up to this length stays whole even where it exceeds the budget. */
const MAX_GRAPHEME_CHARS = 100;

/** Cuts a block into units of at most `budget` tokens, at the best places that it offers. */
export function* divide(text: string, block: TextBlock, budget: number): Generator<Unit> {
  const isCode = block.kind === 'code';
  const whole = trimmed(text, block, isCode);
  if (whole === undefined) return;
  const tokens = countTokens(text, whole.start, whole.end);
  const seam = block.kind === 'item' ? SEAM.item : SEAM.block;
  if (tokens <= budget) yield { ...whole, tokens, seam };
  else if (isCode || block.kind === 'table') yield* divideLines(text, whole, budget, seam, SEAM.codeLine, isCode);
  else yield* divideSentences(text, whole, budget, seam);
}

function* divideSentences(text: string, span: Span, budget: number, firstSeam: number): Generator<Unit> {
  let seam = firstSeam;
  for (const sentence of sentencesOf(text, span)) {
    const tokens = countTokens(text, sentence.start, sentence.end);
    if (tokens <= budget) yield { ...sentence, tokens, seam };
    else yield* divideLines(text, sentence, budget, seam, SEAM.line, false);
    seam = SEAM.sentence;
  }
}

function* divideLines(
  text: string,
  span: Span,
  budget: number,
  firstSeam: number,
  nextSeam: number,
  keepIndent: boolean,
): Generator<Unit> {
  let seam = firstSeam;
  for (const { start, end } of linesOf(text, span.start, span.end)) {
    const line = trimmed(text, { start, end }, keepIndent);
    if (line === undefined) continue;
    const tokens = countTokens(text, line.start, line.end);
    if (tokens <= budget) yield { ...line, tokens, seam };
    else yield* divideWords(text, line, budget, tokens, seam);
    seam = nextSeam;
  }
}

/** Parts of about equal length, cut between words where there are any. */
function* divideWords(text: string, span: Span, budget: number, total: number, firstSeam: number): Generator<Unit> {
  let { start } = span;
  let left = total;
  while (start < span.end) {
    const aim = left / Math.max(1, Math.ceil(left / budget));
    const limit = Math.max(start + 1, reach(text, start, span.end, Math.min(budget, aim + ROUNDING)));
    const end = limit >= span.end ? span.end : wordCut(text, start, limit, span.end);
    const tokens = countTokens(text, start, end);
    const unit = trimmed(text, { start, end });
    if (unit !== undefined) yield { ...unit, tokens, seam: firstSeam, ...(start > span.start && { opens: true }) };
    left -= tokens;
    start = end;
  }
}

/** Sums of thirds and tenths are not exact. */
const ROUNDING = 1e-6;

/** The best place for a cut at or before `limit`: at white space, else between words, else between graphemes. */
function wordCut(text: string, start: number, limit: number, end: number): number {
  const window = text.slice(start, Math.min(end, limit + LOOK_AHEAD));
  const size = limit - start;
  const cuts = [lastSpace(window, size), lastWord(window, size), size].map((cut) => graphemeStart(text, start + cut));
  const cut = cuts.find((at) => at > start);
  if (cut !== undefined) return cut;
  const next = graphemeEnd(text, limit);
  if (next - start <= MAX_GRAPHEME_CHARS) return next;
  return isLowSurrogate(text.charCodeAt(limit)) ? limit + 1 : limit;
}

/** White space in the second half of the first `size` characters; 0 without. */
function lastSpace(window: string, size: number): number {
  for (let at = size; at > size / 2; at--) if (/\s/.test(window.charAt(at))) return at;
  return 0;
}

/** The last boundary of words within the first `size` characters; 0 when they are one word. */
const lastWord = (window: string, size: number): number => words.segment(window).containing(size)?.index ?? 0;
