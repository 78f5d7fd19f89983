/** Significant digits that bring every Float32 back exactly. */
const FLOAT32_DIGITS = 9;
const FLOAT32_BYTES = 4;
/** pgvector's limit. */
const MAX_DIMENSIONS = 16_000;

/**
 * Turns base64 little-endian Float32 into pgvector's text form. Null for what no distance can be computed with:
 * no values, more than pgvector takes, a value that is not finite, all zeros, or bytes that are no whole number of floats.
 */
export function vectorText(base64: string): { text: string; dimensions: number } | null {
  const bytes = Buffer.from(base64, 'base64');
  const dimensions = bytes.length / FLOAT32_BYTES;
  if (dimensions === 0 || dimensions > MAX_DIMENSIONS || !Number.isInteger(dimensions)) return null;
  const parts = new Array<string>(dimensions);
  let zero = true;
  for (let index = 0; index < dimensions; index += 1) {
    const value = bytes.readFloatLE(index * FLOAT32_BYTES);
    if (!Number.isFinite(value)) return null;
    if (value !== 0) zero = false;
    parts[index] = value.toPrecision(FLOAT32_DIGITS);
  }
  return zero ? null : { text: `[${parts.join(',')}]`, dimensions };
}

/** The base64 form in which vectors travel. */
export const vectorBase64 = (values: readonly number[]): string =>
  Buffer.from(Float32Array.from(values).buffer).toString('base64');
