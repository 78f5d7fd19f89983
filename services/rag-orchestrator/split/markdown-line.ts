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

export function markdownLine(text: string, { start, end, next }: Line): MarkdownLine {
  const whole = text.slice(start, Math.min(end, start + HEAD_CHARS));
  const quote = whole.includes('>') ? (QUOTE.exec(whole)?.[0] ?? '') : '';
  const head = quote === '' ? whole : whole.slice(quote.length);
  const indented = head.startsWith(' ') || head.startsWith('\t');
  const body = indented ? head.trimStart() : head;
  const indent = indented ? columns(head) : 0;
  const blank = body.trimStart() === '' && end - start < HEAD_CHARS;
  return { start, end, next, whole, head, body, indent, quoted: quote !== '', blank };
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

/** Most lines are no mark of anything: their first character says so faster than a pattern. */
const beginsWith = ({ body }: MarkdownLine, marks: string): boolean => body !== '' && marks.includes(body.charAt(0));

export const isRule = (line: MarkdownLine): boolean => beginsWith(line, '*-_') && RULE.test(line.head);

/** The line under a table's head. */
export const isTableRule = (line: MarkdownLine): boolean => line.head.includes('|') && TABLE_RULE.test(line.head);

/** The mark of a list item with the space behind it. */
export const listMark = (line: MarkdownLine): string | undefined =>
  beginsWith(line, '-*+0123456789') ? LIST_MARK.exec(line.body)?.[0] : undefined;

const LIST_MARK = /^(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)/;

/** The backticks or tildes with which a fence opens. */
export function fenceMark(body: string): string | undefined {
  if (!body.startsWith('```') && !body.startsWith('~~~')) return undefined;
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
export function lineHeading(line: MarkdownLine): HeadingMark | undefined {
  const { body } = line;
  if (!beginsWith(line, '#<')) return undefined;
  const atx = /^(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/.exec(body);
  if (atx !== null) return { depth: atx[1]?.length ?? 1, markdown: atx[2] ?? '' };
  const html = /^<h([1-6])(?:\s[^>]*)?>(.*)<\/h\1>[ \t]*$/i.exec(body);
  return html === null ? undefined : { depth: Number(html[1]), markdown: html[2] ?? '' };
}

/** The depth that a line of `===` or `---` gives to the paragraph above it. */
export function setextDepth(line: MarkdownLine): number | undefined {
  const mark = beginsWith(line, '=-') ? /^ {0,3}(=+|-+)[ \t]*$/.exec(line.head)?.[1] : undefined;
  return mark === undefined ? undefined : mark.startsWith('=') ? 1 : 2;
}

/** What ends a stretch of raw HTML, in which nothing is Markdown, that begins with this line. */
export function rawHtmlEnd({ body }: MarkdownLine): RegExp | undefined {
  if (body.startsWith('<!--')) return /-->/;
  return /^<(?:pre|script|style|textarea)(?:[\s>]|$)/i.test(body) ? /<\/(?:pre|script|style|textarea)>/i : undefined;
}
