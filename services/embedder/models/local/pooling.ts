/** The mean of the rows `from` to `from + count` of a matrix `width` wide, scaled to length 1. */
export function pooled(rows: Float32Array, from: number, count: number, width: number): Float32Array {
  const mean = new Float32Array(width);
  for (let row = from; row < from + count; row += 1) {
    for (let at = 0; at < width; at += 1) mean[at] = (mean[at] ?? 0) + (rows[row * width + at] ?? 0);
  }
  return toUnit(mean);
}

/** Scales a vector to length 1, in place. The mean's division by `count` cancels out here. */
function toUnit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, number) => sum + number * number, 0));
  if (length === 0 || !Number.isFinite(length)) throw new Error('the model gave a vector without a direction');
  return vector.map((number) => number / length);
}
