import type { Context } from '../cli/context.ts';
import { RefusedError } from '../cli/errors.ts';
import { askAll } from './asks.ts';
import type { Corpus } from './dataset/corpus.ts';
import type { Question } from './dataset/questions.ts';
import { ingestCorpus } from './ingest.ts';
import type { Measured } from './report.ts';
import { type Mode, type SearchScore, searchAll } from './searches.ts';

/** What is to be measured. */
export interface Plan {
  readonly collection: string;
  readonly k: number;
  readonly modes: readonly Mode[];
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Who answers the questions; undefined when only searches are measured. */
  readonly answerModel: string | undefined;
}

/** Ingests the corpus, asks every question in every mode and scores what comes. */
export async function evaluate(
  context: Context,
  corpus: Corpus,
  questions: readonly Question[],
  plan: Plan,
): Promise<Measured> {
  const { collection, k, modes, answerModel } = plan;
  await ingestCorpus(context, collection, corpus.documents);
  const { embedding_model, passages } = await ingested(context, collection, corpus);
  const searches = new Map<Mode, readonly SearchScore[]>();
  for (const mode of modes) searches.set(mode, await searchAll(context, plan, mode, questions));
  return {
    collection,
    embedding_model,
    k,
    corpus: { sha256: corpus.sha256, documents: corpus.documents.length, passages },
    searches,
    ...(answerModel !== undefined && {
      answers: { model: answerModel, scores: await askAll(context, { ...plan, model: answerModel }, questions) },
    }),
  };
}

/** What the collection holds now; documents in it that are not of the corpus would be found, too. */
async function ingested({ client, terminal }: Context, name: string, { documents }: Corpus) {
  const { data } = await client.collections();
  const found = data.find((collection) => collection.name === name);
  if (found === undefined) throw new RefusedError(404, { detail: `there is no collection "${name}"` });
  const foreign = found.documents - documents.length;
  if (foreign > 0)
    terminal.say(`"${name}" has ${foreign} documents that are not in the corpus; they are searched, too.`);
  return found;
}
