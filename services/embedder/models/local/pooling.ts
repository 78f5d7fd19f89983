/** How the vectors of a text's tokens become the vector of the text. */
export type Pooling = 'mean' | 'cls' | 'max' | 'last';

/** Rows of a matrix `width` wide: the tokens of one text, without padding. */
export interface Rows {
  readonly all: Float32Array;
  readonly from: number;
  readonly count: number;
  readonly width: number;
}

const row = ({ all, width }: Rows, at: number): Float32Array => all.slice(at * width, (at + 1) * width);

/** Not divided by their number: scaling to length 1 does that as well. */
function sum({ all, from, count, width }: Rows): Float32Array {
  const total = new Float32Array(width);
  for (let each = from; each < from + count; each += 1) {
    for (let at = 0; at < width; at += 1) total[at] = (total[at] ?? 0) + (all[each * width + at] ?? 0);
  }
  return total;
}

function largest({ all, from, count, width }: Rows): Float32Array {
  const most = new Float32Array(width).fill(Number.NEGATIVE_INFINITY);
  for (let each = from; each < from + count; each += 1) {
    for (let at = 0; at < width; at += 1) most[at] = Math.max(most[at] ?? 0, all[each * width + at] ?? 0);
  }
  return most;
}

/** The vector of a text, of length 1. @throws {Error} when the model gave nothing that has a direction */
export function pooled(rows: Rows, pooling: Pooling): Float32Array {
  switch (pooling) {
    case 'mean':
      return toUnit(sum(rows));
    case 'cls':
      return toUnit(row(rows, rows.from));
    case 'last':
      return toUnit(row(rows, rows.from + rows.count - 1));
    case 'max':
      return toUnit(largest(rows));
    default:
      return pooling satisfies never;
  }
}

export function toUnit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, number) => sum + number * number, 0));
  if (length === 0 || !Number.isFinite(length)) throw new Error('the model gave a vector without a direction');
  return vector.map((number) => number / length);
}
