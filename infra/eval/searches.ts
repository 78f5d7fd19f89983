import type { Context } from '../cli/context.ts';
import { concurrently } from './concurrently.ts';
import type { Question } from './dataset/questions.ts';
import { noted } from './progress.ts';
import { distinctDocuments, type Measures, measure } from './scoring/measures.ts';

export const MODES = ['hybrid', 'vector', 'text'] as const;
export type Mode = (typeof MODES)[number];

/** How one question fared. */
export interface SearchScore extends Measures {
  readonly question: string;
  /** What a client waited for the answer. */
  readonly ms: number;
}

export interface SearchPlan {
  readonly collection: string;
  readonly k: number;
  /** Searches under way at once. */
  readonly concurrency: number;
}

/** Passages that are asked for to see k documents; nearly always enough. */
const PASSAGES_A_DOCUMENT = 4;
/** The most that the API gives. */
const MAX_PASSAGES = 100;

/** Asks every question in one mode and scores the documents that come. */
export async function searchAll(
  context: Context,
  plan: SearchPlan,
  mode: Mode,
  questions: readonly Question[],
): Promise<SearchScore[]> {
  const progress = noted(context.terminal, `searches, ${mode}`);
  let done = 0;
  try {
    return await concurrently(questions, plan.concurrency, async (question) => {
      const score = await searchOne(context, plan, mode, question);
      progress.update(++done, questions.length);
      return score;
    });
  } finally {
    progress.close();
  }
}

async function searchOne(
  { client }: Context,
  { collection, k }: SearchPlan,
  mode: Mode,
  { id, text, judgements }: Question,
): Promise<SearchScore> {
  const find = async (top_k: number) => {
    const { results } = await client.search({ collection, query: text, mode, top_k });
    return {
      full: results.length === top_k,
      ranking: distinctDocuments(
        results.map((each) => each.document_id),
        k,
      ),
    };
  };
  const passages = Math.min(MAX_PASSAGES, k * PASSAGES_A_DOCUMENT);
  const begun = performance.now();
  let found = await find(passages);
  const ms = performance.now() - begun;
  // Many passages of few documents: look further, so that k documents are ranked when there are so many.
  if (found.full && found.ranking.length < k && passages < MAX_PASSAGES) found = await find(MAX_PASSAGES);
  return { question: id, ...measure(found.ranking, judgements, k), ms };
}
