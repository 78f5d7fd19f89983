/** How relevant documents are to a question, by document id; those not named are not relevant. */
export type Judgements = ReadonlyMap<string, number>;

/** The measures of one ranking, each from 0 to 1. */
export interface Measures {
  /** Share of the relevant documents that are among the first k. */
  readonly recall: number;
  /** 1 / rank of the first relevant document, 0 when none is among the first k; its mean is MRR@k. */
  readonly mrr: number;
  /** Gain (the judgement) discounted by log2(rank + 1), against the best possible order. */
  readonly ndcg: number;
}

export const MEASURES = ['recall', 'mrr', 'ndcg'] as const satisfies readonly (keyof Measures)[];

/** Documents in the order of their best passage, each once: passages come best first. At most `k`. */
export const distinctDocuments = (documents: readonly string[], k: number): string[] =>
  [...new Set(documents)].slice(0, k);

/** Scores a ranking of distinct documents, best first; what lies beyond `k` does not count. */
export function measure(ranking: readonly string[], judgements: Judgements, k: number): Measures {
  const gains = ranking.slice(0, k).map((document) => Math.max(0, judgements.get(document) ?? 0));
  const ideal = [...judgements.values()].filter((gain) => gain > 0).sort((a, b) => b - a);
  const first = gains.findIndex((gain) => gain > 0);
  return {
    recall: ideal.length === 0 ? 0 : gains.filter((gain) => gain > 0).length / ideal.length,
    mrr: first < 0 ? 0 : 1 / (first + 1),
    ndcg: ideal.length === 0 ? 0 : discountedGain(gains) / discountedGain(ideal.slice(0, k)),
  };
}

const discountedGain = (gains: readonly number[]): number =>
  gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0);
