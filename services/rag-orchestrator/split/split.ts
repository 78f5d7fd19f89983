import { divide } from './divide.ts';
import type { ParsedDocument } from './document.ts';
import { joinFragments, type Piece } from './fragments.ts';
import { headingOf, outline, type Section } from './outline.ts';
import { overlapStart } from './overlap.ts';
import { pack } from './pack.ts';
import { pageAt } from './pages.ts';
import { countTokens } from './tokens.ts';

/** Both in word pieces, see `countTokens`. */
export interface SplitOptions {
  /**
   * What a passage may cost at most, its heading path included. With the default no passage exceeds the 256 word
   * pieces that MiniLM reads; a passage of English prose then has up to 170 words.
   */
  readonly size?: number;
  /** How much of the end of the passage before a passage repeats; 0 by default, at most half of `size`. */
  readonly overlap?: number;
}

export const DEFAULT_SIZE = 240;
/** Smaller passages than this are not made. */
export const MIN_SIZE = 16;
/** The share of a passage's size that its heading path may take. */
const HEADING_SHARE = 1 / 3;
const MAX_OVERLAP_SHARE = 1 / 2;

/** A passage before it has an id. `document.text.slice(start, end) === text`, always. */
export interface PassageDraft {
  /** Position in the document, counted from 0. */
  readonly ord: number;
  readonly text: string;
  /** Headings above the passage, outermost first, joined by ` › `; empty without any. */
  readonly heading: string;
  readonly start: number;
  readonly end: number;
  /** Page on which it begins, counted from 1; absent where the document has no pages. */
  readonly page?: number;
  /** Word pieces of `text`. */
  readonly tokens: number;
}

/**
 * Cuts a document into passages: whole paragraphs, code blocks and tables of one section together up to the size,
 * long ones cut at sentences, lines, words, in this order, never within a grapheme. In document order they cover all
 * of its text; a heading that stands in the path of a passage need not be in the text of one.
 */
export function split(
  document: ParsedDocument,
  { size = DEFAULT_SIZE, overlap = 0 }: SplitOptions = {},
): PassageDraft[] {
  const most = Math.max(MIN_SIZE, size);
  const repeated = Math.min(Math.max(0, overlap), most * MAX_OVERLAP_SHARE);
  const sections = outline(document, most * HEADING_SHARE);
  const pieces = sections.flatMap((section) => piecesOf(document.text, section, most - repeated));
  const joined = joinFragments(document.text, pieces, most - repeated);
  const passages =
    repeated > 0
      ? joined.map((piece, ord) => overlapping(document.text, piece, joined[ord - 1], { overlap: repeated, most }))
      : joined;
  return passages.map((piece, ord) => draft(document, piece, ord));
}

/** What is embedded for a passage: the headings above it, then its text. */
export const embeddingText = (heading: string, text: string): string => (heading === '' ? text : `${heading}\n${text}`);

function piecesOf(text: string, section: Section, size: number): Piece[] {
  const budget = size - countTokens(headingOf(section));
  const units = section.blocks.flatMap((block) => [...divide(text, block, budget)]);
  return pack(units, budget).map((span, index, { length }) => ({
    ...span,
    section,
    isFirst: index === 0,
    isLast: index === length - 1,
  }));
}

/** Parts of one word cost more together than apart: where that is too much, nothing is repeated. */
function overlapping(
  text: string,
  piece: Piece,
  before: Piece | undefined,
  { overlap, most }: { overlap: number; most: number },
): Piece {
  if (before?.section !== piece.section) return piece;
  const start = Math.min(piece.start, overlapStart(text, before, overlap));
  const cost = countTokens(text, start, piece.end) + countTokens(headingOf(piece.section));
  return cost <= most ? { ...piece, start } : piece;
}

function draft({ text, pageStarts }: ParsedDocument, { start, end, section }: Piece, ord: number): PassageDraft {
  const page = pageStarts === undefined ? {} : { page: pageAt(pageStarts, start) };
  const tokens = Math.ceil(countTokens(text, start, end));
  return { ord, text: text.slice(start, end), heading: headingOf(section), start, end, ...page, tokens };
}
