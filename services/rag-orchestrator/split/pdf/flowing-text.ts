import type { Block, ParsedDocument } from '../document.ts';
import { extent, type Line } from './lines.ts';
import { isFull, isSameRow, type PagedLine, type Paragraph } from './paragraphs.ts';

/** A short paragraph in a font so much larger than most of the text is a heading. */
const HEADING_FACTOR = 1.12;
const MAX_HEADING_CHARS = 200;
const MAX_DEPTH = 6;

const HYPHENATED = /\p{L}[-\u00AD\u2010]$/u;
const LETTER = /^\p{L}/u;
const LOWER_CASE = /^\p{Ll}/u;
/** Scripts that set no spaces between words. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\u3000-\u303F]/u;

const GAP = '\n\n';

/** Writes paragraphs one below the other, and remembers what is where. */
export function flowingText(
  paragraphs: readonly Paragraph[],
  pages: number,
): Required<Pick<ParsedDocument, 'text' | 'blocks' | 'pageStarts'>> {
  const depthOf = headingDepths(paragraphs);
  const parts: string[] = [];
  const blocks: Block[] = [];
  const pageStarts: number[] = [0];
  let length = 0;
  for (const paragraph of paragraphs) {
    const start = parts.length === 0 ? 0 : length + GAP.length;
    const text = textOf(paragraph, (page, at) => {
      while (pageStarts.length < page) pageStarts.push(start + at);
    });
    parts.push(text);
    length = start + text.length;
    blocks.push(blockOf(paragraph, text, start, depthOf(paragraph)));
  }
  while (pageStarts.length < pages) pageStarts.push(length);
  return { text: parts.join(GAP), blocks, pageStarts };
}

/** The lines of a paragraph as running text; tells where each page begins in it. */
function textOf({ lines }: Paragraph, pageBegins: (page: number, at: number) => void): string {
  const column = extent(lines);
  let text = '';
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    if (before !== undefined) text = joined(text, { ...before, column }, line);
    pageBegins(line.page, text.length);
    text += line.text;
  }
  return text;
}

/** The text so far, ready for the next line: a word that was hyphenated is made whole, a wrapped line goes on. */
function joined(text: string, before: PagedLine, line: PagedLine): string {
  if (isSameRow(before, line)) return `${text}\t`;
  if (HYPHENATED.test(before.text) && LETTER.test(line.text)) {
    return LOWER_CASE.test(line.text) ? text.slice(0, -1) : text;
  }
  if (!isFull(before)) return `${text}\n`;
  return UNSPACED.test(before.text.slice(-1)) && UNSPACED.test(line.text.charAt(0)) ? text : `${text} `;
}

function blockOf({ kind }: Paragraph, text: string, start: number, depth: number | undefined): Block {
  const end = start + text.length;
  if (depth === undefined) return { kind: kind === 'item' ? 'item' : 'paragraph', start, end };
  return { kind: 'heading', start, end, depth, title: text.replace(/\s+/g, ' ') };
}

/** Ranks the sizes of fonts above that of most text: the largest is depth 1. */
function headingDepths(paragraphs: readonly Paragraph[]): (paragraph: Paragraph) => number | undefined {
  const body = bodySize(paragraphs.flatMap(({ lines }) => lines));
  const sizes = new Set(paragraphs.filter((paragraph) => isHeading(paragraph, body)).map(sizeOf));
  const ranked = [...sizes].sort((a, b) => b - a);
  return (paragraph) =>
    isHeading(paragraph, body) ? Math.min(MAX_DEPTH, ranked.indexOf(sizeOf(paragraph)) + 1) : undefined;
}

/** In half units, so that what a reader takes for one size is one. */
const rounded = (size: number): number => Math.round(size * 2) / 2;
const sizeOf = ({ lines }: Paragraph): number => rounded(lines[0]?.size ?? 0);

function isHeading({ lines }: Paragraph, body: number): boolean {
  const chars = lines.reduce((sum, { text }) => sum + text.length, 0);
  return (
    chars <= MAX_HEADING_CHARS &&
    lines.every(({ size }) => size >= body * HEADING_FACTOR) &&
    lines.some(({ text }) => /\p{L}/u.test(text))
  );
}

/** The size in which most characters are set. */
function bodySize(lines: readonly Line[]): number {
  const chars = new Map<number, number>();
  for (const { size, text } of lines) chars.set(rounded(size), (chars.get(rounded(size)) ?? 0) + text.length);
  return [...chars].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}
