/** A piece of text as a page places it: `y` grows upwards, all lengths in the units of the page. */
export interface Fragment {
  readonly text: string;
  readonly x: number;
  readonly right: number;
  readonly y: number;
  /** Font size. */
  readonly size: number;
}

/** Fragments on one baseline that follow each other without a wide gap: a line, or a cell of a table. */
export interface Line extends Fragment {
  /** Edges of the column in which it stands. */
  readonly column: { readonly x: number; readonly right: number };
}

/** In font sizes: how far a raised number may be from its baseline, and gaps that part words and cells. */
const BASELINE_SHARE = 0.45;
const WORD_GAP = 0.15;
const CELL_GAP = 2;

/** What a page says where, as a parser of PDF tells it. */
export interface TextItem {
  readonly str: string;
  /** The matrix that places it. */
  readonly transform: readonly number[];
  readonly width: number;
}

/**
 * The lines of a page in the order in which the page paints them. Text that runs in another direction than most (a
 * stamp at the margin) comes last.
 */
export function linesOfPage(items: readonly TextItem[]): Line[] {
  const groups = new Map<number, Placed[]>();
  for (const item of items) {
    const { turn, ...placed } = place(item);
    if (item.str === '') continue;
    const group = groups.get(turn);
    if (group === undefined) groups.set(turn, [placed]);
    else group.push(placed);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length).flatMap((placed) => withColumn(joined(placed)));
}

interface Placed extends Fragment {
  readonly isSpace: boolean;
}

/** Where an item stands once the page is turned so that its text runs from left to right. */
function place({ str, transform, width }: TextItem): Placed & { turn: number } {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = transform;
  const length = Math.hypot(a, b) || 1;
  const [cos, sin] = [a / length, b / length];
  const x = e * cos + f * sin;
  const turn = Math.round((Math.atan2(sin, cos) * 180) / Math.PI);
  return {
    text: str,
    x,
    right: x + width,
    y: f * cos - e * sin,
    size: Math.hypot(c, d),
    isSpace: str.trim() === '',
    turn,
  };
}

function joined(placed: readonly Placed[]): Fragment[] {
  const lines: Fragment[] = [];
  let spaced = false;
  for (const { isSpace, ...fragment } of placed) {
    const last = lines.at(-1);
    if (isSpace) spaced = true;
    else {
      if (last !== undefined && continues(last, fragment)) lines[lines.length - 1] = append(last, fragment, spaced);
      else lines.push(fragment);
      spaced = false;
    }
  }
  return lines;
}

/** The space between two fragments, whichever comes first: some scripts run from right to left. */
const gapBetween = (a: Fragment, b: Fragment): number => Math.max(b.x - a.right, a.x - b.right);

function continues(last: Fragment, next: Fragment): boolean {
  const size = Math.max(last.size, next.size);
  return Math.abs(next.y - last.y) <= size * BASELINE_SHARE && gapBetween(last, next) < size * CELL_GAP;
}

function append(last: Fragment, next: Fragment, spaced: boolean): Fragment {
  const isPlain = /\s$/.test(last.text) || /^\s/.test(next.text);
  const space = !isPlain && (spaced || gapBetween(last, next) > last.size * WORD_GAP) ? ' ' : '';
  const isMain = next.text.length > last.text.length;
  return {
    text: last.text + space + next.text,
    x: Math.min(last.x, next.x),
    right: Math.max(last.right, next.right),
    y: isMain ? next.y : last.y,
    size: isMain ? next.size : last.size,
  };
}

function withColumn(fragments: readonly Fragment[]): Line[] {
  const column = extent(fragments);
  return fragments.map((fragment) => ({ ...fragment, column }));
}

/** From the leftmost to the rightmost end. */
export function extent(fragments: readonly Fragment[]): { x: number; right: number } {
  let x = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  for (const fragment of fragments) {
    x = Math.min(x, fragment.x);
    right = Math.max(right, fragment.right);
  }
  return { x, right };
}
