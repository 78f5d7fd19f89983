import { TerminalError } from '../../../shared/bus/errors.ts';
import { type Handler, on } from '../../../shared/bus/handler.ts';
import { type EvalInput, ReembedInput } from '../../../shared/messages/inputs.ts';
import { GenerationProbed, ProbeGeneration } from '../../../shared/messages/reembedding.ts';
import type { Database } from '../../../shared/store/database.ts';
import { findJob } from '../../../shared/store/jobs.ts';
import { searchPassages } from '../../../shared/store/search.ts';

/** Documents that count, and passages that are looked at for them: several may be of one document. */
const K = 10;
const PASSAGES = 50;

/** Searches a generation, active or not, for some of the job's questions. Reads only. */
export const probeGeneration = (db: Database): Handler =>
  on(ProbeGeneration, async ({ generation, from, vectors }, { command }) => {
    const job = await findJob(db, command.job);
    const input = job && ReembedInput.parse(job.input);
    if (job === undefined || input?.eval === undefined) {
      throw new TerminalError('internal', `job ${command.job} has no questions`);
    }
    const recalls: number[] = [];
    for (const [index, vector] of vectors.entries()) {
      const { _id, text } = input.eval.queries[from + index] ?? { _id: '', text: '' };
      const common = { owner: job.owner, collection: input.collection, mode: 'hybrid', top_k: PASSAGES } as const;
      const passages = await searchPassages(db, { ...common, query: text, vector, generation });
      recalls.push(
        recallAt10(
          passages.map(({ document_id }) => document_id),
          relevantTo(_id, input.eval),
        ),
      );
    }
    return { event: GenerationProbed({ generation, from, recalls }) };
  });

const relevantTo = (id: string, { qrels }: EvalInput): ReadonlySet<string> =>
  new Set(qrels.filter(({ query, score = 1 }) => query === id && score > 0).map(({ document }) => document));

/** Share of the relevant documents among the first ten; `found` may name a document several times. */
function recallAt10(found: readonly string[], relevant: ReadonlySet<string>): number {
  const first = [...new Set(found)].slice(0, K);
  return first.filter((document) => relevant.has(document)).length / Math.max(1, relevant.size);
}
