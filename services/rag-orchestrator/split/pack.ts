import type { Unit } from './divide.ts';
import type { Span } from './span.ts';

/**
 * Sets units into pieces of at most `budget` tokens as a typesetter sets words into lines: of all ways to do it, the
 * one whose pieces fall least short of the budget (squared, so that equal pieces beat a full one and a scrap), where a
 * cut costs its seam too. Every unit must fit the budget.
 */
export function pack(units: readonly Unit[], budget: number): Span[] {
  const cost = new Float64Array(units.length + 1).fill(Number.POSITIVE_INFINITY);
  const startOf = new Int32Array(units.length + 1);
  const tokensOf = Float64Array.from(units, ({ tokens }) => tokens);
  const seamOf = Float64Array.from(units, ({ seam }, index) => (index === 0 ? 0 : seam));
  cost[0] = 0;
  for (let end = 1; end <= units.length; end++) {
    let tokens = 0;
    for (let start = end - 1; start >= 0; start--) {
      tokens += tokensOf[start] ?? 0;
      if (tokens > budget && start < end - 1) break;
      const total = (cost[start] ?? 0) + raggedness(tokens, budget) + (seamOf[start] ?? 0);
      if (total < (cost[end] ?? 0)) {
        cost[end] = total;
        startOf[end] = start;
      }
      if (units[start]?.opens === true) break;
    }
  }
  return piecesOf(units, startOf);
}

const raggedness = (tokens: number, budget: number): number => (1 - Math.min(1, tokens / budget)) ** 2;

function piecesOf(units: readonly Unit[], startOf: Int32Array): Span[] {
  const pieces: Span[] = [];
  for (let end = units.length; end > 0; end = startOf[end] ?? 0) {
    const first = units[startOf[end] ?? 0];
    const last = units[end - 1];
    if (first !== undefined && last !== undefined) pieces.push({ start: first.start, end: last.end });
  }
  return pieces.reverse();
}
