import type { Call } from '../../../../shared/resilience/call.ts';

/** How one kind of server is asked for scores: one request a call. What it throws is classified by who calls. */
export interface RankingClient {
  readonly provider: string;
  /** Texts in one request, at most. */
  readonly mostTexts: number;
  /** Scores by position of the text, in any order, unchecked. */
  request(question: string, texts: readonly string[], call: Call): Promise<readonly Score[]>;
}

export interface Score {
  readonly index: number;
  readonly score: number;
}
