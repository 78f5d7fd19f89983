import type { Job } from '../cli/api-types.ts';
import type { Context } from '../cli/context.ts';
import { count } from '../cli/text.ts';
import { concurrently } from './concurrently.ts';
import type { Question } from './dataset/questions.ts';
import { ID_KEY } from './ingest.ts';
import { noted } from './progress.ts';
import { type Answer, type AnswerScore, scoreAnswer } from './scoring/answers.ts';

export interface AskPlan {
  readonly collection: string;
  /** Who writes the answers. */
  readonly model: string;
  /** Jobs under way at once. */
  readonly concurrency: number;
}

/** How the answer to one question fared. */
export interface ScoredAnswer extends AnswerScore {
  readonly question: string;
  /** Asked without the relevant documents, it says that the answer was not found. */
  readonly withheld: boolean;
}

/** A question got no answer at all. */
export class AskError extends Error {
  override readonly name = 'AskError';
}

/** Asks every question as a job, with and without the documents that answer it, and scores what its answers cite. @throws {AskError} when a job does not succeed */
export async function askAll(context: Context, plan: AskPlan, questions: readonly Question[]): Promise<ScoredAnswer[]> {
  const progress = noted(context.terminal, 'answers');
  let done = 0;
  try {
    return await concurrently(questions, plan.concurrency, async (question) => {
      const score = await askOne(context, plan, question);
      progress.update(++done, questions.length);
      return score;
    });
  } finally {
    progress.close();
  }
}

async function askOne(context: Context, plan: AskPlan, { id, text, judgements }: Question): Promise<ScoredAnswer> {
  const relevant = [...judgements].flatMap(([document, score]) => (score > 0 ? [document] : []));
  const without = { filter: { not: { [ID_KEY]: { in: relevant } } } };
  const answer = await answerTo(context, plan, { id, text });
  const withheld = await answerTo(context, plan, { id, text, ...without });
  return { question: id, ...scoreAnswer(answer, judgements), withheld: !scoreAnswer(withheld, judgements).found };
}

type Asked = Pick<Question, 'id' | 'text'> & { readonly filter?: Readonly<Record<string, unknown>> };

/** @throws {AskError} */
async function answerTo(
  { client }: Context,
  { collection, model }: AskPlan,
  { id, text, ...more }: Asked,
): Promise<Answer> {
  const { id: jobId } = await client.submit({ type: 'ask', input: { collection, question: text, model, ...more } });
  const job = await client.waitFor(jobId);
  if (job.status !== 'succeeded')
    throw new AskError(
      `${id}: ${jobId} is ${job.status} after ${count(job.attempt, 'attempt')}: ${job.error?.message ?? ''}`,
    );
  return answerOf(job);
}

const answerOf = ({ result }: Job): Answer => ({
  text: String(result?.answer ?? ''),
  citations: (result?.citations ?? []) as readonly { readonly n: number; readonly document_id: string }[],
});
