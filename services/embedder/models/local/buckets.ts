/** Texts of one model call; more would not be faster a text, only slower to stop. */
export const MAX_BATCH_TEXTS = 32;
/** Tokens of one model call, padding included: what fits the processor's cache. It also bounds how long a query waits behind documents. */
export const MAX_BATCH_TOKENS = 512;
/** A text joins a batch only if the padding for the shortest one there stays below this share of its own length. */
const MAX_PADDING = 0.1;
/** Padding of so few tokens costs less than one more call. */
const FREE_PADDING = 4;

/** Whether a text of `length` tokens may join a batch of `count` texts, the shortest of `shortest` tokens. */
const fits = (length: number, count: number, shortest: number): boolean =>
  count < MAX_BATCH_TEXTS &&
  length * (count + 1) <= MAX_BATCH_TOKENS &&
  length - shortest <= Math.max(FREE_PADDING, length * MAX_PADDING);

/** Shares texts out to model calls by their length in tokens. Every position is in exactly one bucket, short texts first. */
export function buckets(lengths: readonly number[]): number[][] {
  const byLength = lengths.map((length, index) => ({ length, index })).sort((a, b) => a.length - b.length);
  const all: number[][] = [];
  let shortest = 0;
  for (const { length, index } of byLength) {
    const last = all.at(-1);
    if (last !== undefined && fits(length, last.length, shortest)) {
      last.push(index);
    } else {
      shortest = length;
      all.push([index]);
    }
  }
  return all;
}
