import type { Judgements } from './measures.ts';

/** An answer as the API gives it, as far as it is scored. */
export interface Answer {
  readonly text: string;
  readonly citations: readonly { readonly n: number; readonly document_id: string }[];
}

/** How an answer fared. */
export interface AnswerScore {
  /** It cites nothing: it says that the answer was not found. */
  readonly found: boolean;
  /** One of the passages it cites is of a relevant document. */
  readonly hit: boolean;
  /** The first passage it cites is. */
  readonly first: boolean;
  /** Share of the passages it cites that are of relevant documents; undefined when it cites none. */
  readonly precision?: number;
}

/** Scores an answer by the passages that its text cites as [n]; passages it was given and did not cite do not count. */
export function scoreAnswer({ text, citations }: Answer, judgements: Judgements): AnswerScore {
  const documents = new Map(citations.map(({ n, document_id }) => [n, document_id]));
  const numbers = [...new Set(Array.from(text.matchAll(/\[(\d+)\]/g), ([, n]) => Number(n)))];
  const cited = numbers.flatMap((n) => documents.get(n) ?? []);
  const right = cited.map((document) => (judgements.get(document) ?? 0) > 0);
  const hits = right.filter(Boolean).length;
  return {
    found: cited.length > 0,
    hit: hits > 0,
    first: right[0] ?? false,
    ...(cited.length > 0 && { precision: hits / cited.length }),
  };
}
