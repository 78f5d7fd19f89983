/** A text and how well it answers, on any scale. */
export interface Candidate {
  readonly text: string;
  readonly relevance: number;
}

type Weights = ReadonlyMap<string, number>;

/** Scripts without spaces between words: a character says about as much as a word. A turn has no time for a dictionary. */
const UNSPACED = String.raw`[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]`;
const WORD = new RegExp(String.raw`${UNSPACED}|(?:(?!${UNSPACED})[\p{L}\p{M}\p{N}])+`, 'gu');

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text.toLowerCase().matchAll(WORD)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/**
 * Unit vectors of words. A word of all candidates tells them apart least, so no list of stop words is needed, in any
 * language.
 */
function vectorsOf(texts: readonly string[]): Weights[] {
  const counted = texts.map(countWords);
  const holders = new Map<string, number>();
  for (const counts of counted) for (const word of counts.keys()) holders.set(word, (holders.get(word) ?? 0) + 1);
  return counted.map((counts) => {
    const weights = [...counts].map(
      ([word, count]) => [word, (1 + Math.log(count)) * Math.log(1 + texts.length / (holders.get(word) ?? 1))] as const,
    );
    const length = Math.hypot(...weights.map(([, weight]) => weight));
    return new Map(weights.map(([word, weight]) => [word, weight / length]));
  });
}

function cosine(one: Weights, other: Weights): number {
  let sum = 0;
  for (const [word, weight] of one) sum += weight * (other.get(word) ?? 0);
  return sum;
}

/** Scaled to 0…1, as similarities are; what nobody judged is at the end. */
function scaled(values: readonly number[]): number[] {
  const judged = values.filter(Number.isFinite);
  const [least, most] = [Math.min(...judged), Math.max(...judged)];
  return values.map((value) => {
    if (!Number.isFinite(value)) return 0;
    return most === least ? 1 : (value - least) / (most - least);
  });
}

/**
 * Maximal marginal relevance: picks so many candidates one by one, each for what it adds to those before it. `lambda` 1
 * asks for relevance alone, 0 for difference alone. Texts are compared by their words. @returns positions, in the order
 * of the choice
 */
export function mostTelling(candidates: readonly Candidate[], count: number, lambda: number): number[] {
  const relevance = scaled(candidates.map((each) => each.relevance));
  const vectors = vectorsOf(candidates.map(({ text }) => text));
  /** By candidate: how near the nearest of those chosen is. */
  const nearest = candidates.map(() => 0);
  const chosen: number[] = [];
  const left = new Set(candidates.keys());
  while (chosen.length < count && left.size > 0) {
    const worth = (at: number) => lambda * (relevance[at] ?? 0) - (1 - lambda) * (nearest[at] ?? 0);
    const best = [...left].reduce((one, other) => (worth(other) > worth(one) ? other : one));
    chosen.push(best);
    left.delete(best);
    for (const at of left)
      nearest[at] = Math.max(nearest[at] ?? 0, cosine(vectors[best] ?? new Map(), vectors[at] ?? new Map()));
  }
  return chosen;
}
