import { extent, type Line } from './lines.ts';

/** Fewer lines than this beside each other are no columns of a page. */
const MIN_COLUMN_LINES = 4;
/** The gap between columns is looked for in the middle of the page, in steps of a hundredth of its width. */
const STEPS = 100;
const GUTTER_FROM = 25;
const GUTTER_TO = 75;
/** Share of lines that may reach over the gap: titles, wide tables and figures. */
const MAX_CROSSING_SHARE = 0.4;
/** A column of text takes a share of the page, and most of its lines fill it; in a table neither need be so. */
const MIN_WIDTH_SHARE = 0.2;
const MIN_FILL = 0.45;
/** Newspapers have more than two. */
const MAX_DEPTH = 3;

/**
 * The lines of a page in reading order: column by column where it has columns of text, and what reaches over them in its
 * place between; else as the page paints them.
 */
export function inReadingOrder(lines: readonly Line[], depth = 0): Line[] {
  const gutter = depth < MAX_DEPTH ? gutterOf(lines) : undefined;
  if (gutter === undefined) return [...lines];
  const ordered: Line[] = [];
  for (const band of bandsOf(lines, gutter)) {
    if (band.across !== undefined) ordered.push(band.across);
    ordered.push(...columnOf(band.left, depth), ...columnOf(band.right, depth));
  }
  return ordered;
}

/** Where the gap between two columns is, if there are two. */
function gutterOf(lines: readonly Line[]): number | undefined {
  const page = extent(lines);
  const step = (page.right - page.x) / STEPS;
  if (lines.length < 2 * MIN_COLUMN_LINES || !(step > 0)) return undefined;
  const crossings = crossingsOf(lines, page.x, step);
  const fewest = Math.min(...crossings.slice(GUTTER_FROM, GUTTER_TO));
  if (fewest > lines.length * MAX_CROSSING_SHARE) return undefined;
  const gutter = page.x + (widestRun(crossings, fewest) + 0.5) * step;
  const left = lines.filter(({ right }) => right <= gutter);
  const right = lines.filter(({ x }) => x >= gutter);
  const least = MIN_WIDTH_SHARE * (page.right - page.x);
  return isColumn(left, least) && isColumn(right, least) ? gutter : undefined;
}

/** How many lines cover each step of the width. */
function crossingsOf(lines: readonly Line[], from: number, step: number): number[] {
  const crossings = new Array<number>(STEPS).fill(0);
  for (const { x, right } of lines) {
    const first = Math.max(0, Math.floor((x - from) / step));
    const last = Math.min(STEPS - 1, Math.ceil((right - from) / step) - 1);
    for (let at = first; at <= last; at++) crossings[at] = (crossings[at] ?? 0) + 1;
  }
  return crossings;
}

/** The middle of the widest gap that as few lines as possible cross. */
function widestRun(crossings: readonly number[], fewest: number): number {
  let best = { start: GUTTER_FROM, length: 0 };
  let start = GUTTER_FROM;
  for (let at = GUTTER_FROM; at <= GUTTER_TO; at++) {
    if (at < GUTTER_TO && crossings[at] === fewest) continue;
    if (at - start > best.length) best = { start, length: at - start };
    start = at + 1;
  }
  return best.start + Math.floor((best.length - 1) / 2);
}

function isColumn(lines: readonly Line[], leastWidth: number): boolean {
  if (lines.length < MIN_COLUMN_LINES) return false;
  const { x, right } = extent(lines);
  if (right - x < leastWidth) return false;
  const widths = lines.map((line) => line.right - line.x).sort((a, b) => a - b);
  return (widths[widths.length >> 1] ?? 0) >= (right - x) * MIN_FILL;
}

interface Band {
  /** The line above both columns. */
  readonly across: Line | undefined;
  readonly left: Line[];
  readonly right: Line[];
}

function bandsOf(lines: readonly Line[], gutter: number): Band[] {
  const bands: Band[] = [{ across: undefined, left: [], right: [] }];
  for (const line of fromTop(lines)) {
    const band = bands.at(-1);
    if (line.right <= gutter) band?.left.push(line);
    else if (line.x >= gutter) band?.right.push(line);
    else bands.push({ across: line, left: [], right: [] });
  }
  return bands;
}

const fromTop = (lines: readonly Line[]): Line[] => [...lines].sort((a, b) => b.y - a.y || a.x - b.x);

function columnOf(lines: readonly Line[], depth: number): Line[] {
  const column = extent(lines);
  return inReadingOrder(
    lines.map((line) => ({ ...line, column })),
    depth + 1,
  );
}
