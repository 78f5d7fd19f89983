import type { Line } from './lines.ts';

/** Lines that belong together. Lines on one baseline are cells of a row. */
export interface Paragraph {
  readonly kind: 'text' | 'item';
  readonly lines: readonly PagedLine[];
}

export interface PagedLine extends Line {
  /** Counted from 1. */
  readonly page: number;
}

/** A gap of so many usual distances between lines parts paragraphs. */
const GAP_FACTOR = 1.35;
/** Font sizes that differ more than this are not of one paragraph. */
const SIZE_TOLERANCE = 0.1;
/** In font sizes: an indentation that begins a paragraph. */
const INDENT = 0.8;
/** A line that leaves this share of its column free was not wrapped. */
const FREE_SHARE = 0.15;

const BULLET = /^(?:[•‣◦▪●■–—*-]\s|\(?\d{1,3}[.)]\s)/u;
const SENTENCE_END = /[.!?:;。！？]["'”’)\]]*$/u;
const LOWER_CASE = /^\p{Ll}/u;

/** Whether a line ends where its column does, so that its sentence may go on in the next. */
export const isFull = ({ right, column }: Line): boolean =>
  column.right - right <= (column.right - column.x) * FREE_SHARE;

/** Sets lines in reading order together to paragraphs, over columns and pages too. */
export function paragraphsOf(lines: readonly PagedLine[]): Paragraph[] {
  const leading = leadingOf(lines);
  const paragraphs: { kind: Paragraph['kind']; lines: PagedLine[] }[] = [];
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    const last = paragraphs.at(-1);
    const isItem = BULLET.test(line.text) && !isSameRow(before, line);
    if (!isItem && last !== undefined && before !== undefined && goesOn(before, line, leading)) last.lines.push(line);
    else paragraphs.push({ kind: isItem ? 'item' : 'text', lines: [line] });
  }
  return paragraphs;
}

export const isSameRow = (before: PagedLine | undefined, { y, page, size }: PagedLine): boolean =>
  before !== undefined && before.page === page && Math.abs(before.y - y) < size / 4;

function goesOn(before: PagedLine, line: PagedLine, leading: number): boolean {
  if (isSameRow(before, line)) return true;
  if (Math.abs(before.size - line.size) > line.size * SIZE_TOLERANCE) return false;
  const down = before.y - line.y;
  const endsSentence = SENTENCE_END.test(before.text);
  if (before.page !== line.page || before.column !== line.column || down < 0) {
    return !endsSentence && LOWER_CASE.test(line.text);
  }
  if (down > leading * GAP_FACTOR) return false;
  return !(endsSentence && (line.x > before.x + line.size * INDENT || !isFull(before)));
}

/** The usual distance of a line to the one below it. */
function leadingOf(lines: readonly PagedLine[]): number {
  const steps: number[] = [];
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    const down = before === undefined || before.page !== line.page ? 0 : before.y - line.y;
    if (down > line.size / 2 && down < line.size * 3) steps.push(down);
  }
  steps.sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? Number.POSITIVE_INFINITY;
}
