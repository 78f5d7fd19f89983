import type { PassageRun } from '../../../shared/messages/reembedding.ts';

/** Passages of several editions that travel together, in order. */
export type Batch = readonly PassageRun[];

export const passagesIn = (batch: Batch): number => batch.reduce((sum, { count }) => sum + count, 0);

/** The first passages of a batch, and the others. */
function cut(batch: Batch, first: number): [Batch, Batch] {
  let left = first;
  const [head, tail]: [PassageRun[], PassageRun[]] = [[], []];
  for (const { edition, from, count } of batch) {
    const taken = Math.min(count, left);
    left -= taken;
    if (taken > 0) head.push({ edition, from, count: taken });
    if (taken < count) tail.push({ edition, from: from + taken, count: count - taken });
  }
  return [head, tail];
}

/** A batch in two, with their texts; their names follow from its name. */
export function halvesOf(name: string, runs: Batch, texts: readonly string[]) {
  const middle = Math.ceil(texts.length / 2);
  const [head, tail] = cut(runs, middle);
  return [
    { name: `${name}a`, runs: head, texts: texts.slice(0, middle) },
    { name: `${name}b`, runs: tail, texts: texts.slice(middle) },
  ];
}
