import type { Line } from './lines.ts';

/** Patterns look at the head of a line only, so that a line of megabytes costs no more than a short one. */
const HEAD_CHARS = 400;
/** So far a line must stand in from its container to be indented code. */
export const CODE_INDENT = 4;

const QUOTE = /^(?: {0,3}>[ \t]?)+/;

/** A line as the block scanner sees it. */
export interface MarkdownLine extends Line {
  /** Its first few hundred characters. */
  readonly whole: string;
  /** The same without the marks of a quote. */
  readonly head: string;
  /** The same without indentation either. */
  readonly body: string;
  /** Column at which `body` begins. */
  readonly indent: number;
  readonly quoted: boolean;
  readonly blank: boolean;
}

export function markdownLine(text: string, line: Line): MarkdownLine {
  const whole = text.slice(line.start, Math.min(line.end, line.start + HEAD_CHARS));
  const quote = QUOTE.exec(whole)?.[0] ?? '';
  const head = whole.slice(quote.length);
  const body = head.trimStart();
  const blank = body === '' && line.end - line.start < HEAD_CHARS;
  return { ...line, whole, head, body, indent: columns(head), quoted: quote !== '', blank };
}

/** The column where a line's text begins; a tab goes to the next multiple of four. */
function columns(line: string): number {
  let column = 0;
  for (const character of line) {
    if (character === ' ') column++;
    else if (character === '\t') column += CODE_INDENT - (column % CODE_INDENT);
    else break;
  }
  return column;
}

const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const TABLE_RULE = /^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

export const isRule = (line: MarkdownLine): boolean => RULE.test(line.head);

/** The line under a table's head. */
export const isTableRule = (line: MarkdownLine): boolean => line.head.includes('|') && TABLE_RULE.test(line.head);

/** The mark of a list item with the space behind it. */
export const listMark = (line: MarkdownLine): string | undefined =>
  /^(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)/.exec(line.body)?.[0];

/** The backticks or tildes with which a fence opens. */
export function fenceMark(body: string): string | undefined {
  const found = /^(`{3,})[^`]*$|^(~{3,})/.exec(body);
  return found?.[1] ?? found?.[2];
}

export const closesFence = (body: string, mark: string): boolean =>
  body.startsWith(mark) && /^(?:`+|~+)[ \t]*$/.test(body);

interface HeadingMark {
  readonly depth: number;
  readonly markdown: string;
}

/** A heading on one line: `## Title`, or `<h2>Title</h2>` as readme files have it. */
export function lineHeading({ body }: MarkdownLine): HeadingMark | undefined {
  const atx = /^(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/.exec(body);
  if (atx !== null) return { depth: atx[1]?.length ?? 1, markdown: atx[2] ?? '' };
  const html = /^<h([1-6])(?:\s[^>]*)?>(.*)<\/h\1>[ \t]*$/i.exec(body);
  return html === null ? undefined : { depth: Number(html[1]), markdown: html[2] ?? '' };
}

/** The depth that a line of `===` or `---` gives to the paragraph above it. */
export function setextDepth({ head }: MarkdownLine): number | undefined {
  const mark = /^ {0,3}(=+|-+)[ \t]*$/.exec(head)?.[1];
  return mark === undefined ? undefined : mark.startsWith('=') ? 1 : 2;
}

/** What ends a stretch of raw HTML, in which nothing is Markdown, that begins with this line. */
export function rawHtmlEnd({ body }: MarkdownLine): RegExp | undefined {
  if (body.startsWith('<!--')) return /-->/;
  return /^<(?:pre|script|style|textarea)(?:[\s>]|$)/i.test(body) ? /<\/(?:pre|script|style|textarea)>/i : undefined;
}
