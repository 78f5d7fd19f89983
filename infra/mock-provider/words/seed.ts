const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** A text's hash, 32 bits (FNV-1a over UTF-16 units): the same text, the same number, on every machine. */
export function hash(text: string): number {
  let h = FNV_OFFSET;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), FNV_PRIME);
  return h >>> 0;
}

/** Whole numbers below a bound, one after the other, that follow from the seed (xorshift). */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed === 0 ? FNV_OFFSET : seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
