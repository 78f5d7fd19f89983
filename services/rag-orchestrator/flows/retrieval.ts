import { EmbedTexts, TextsEmbedded } from '../../../shared/messages/embedding.ts';
import type { Filter, SearchMode } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import type { Event } from '../../../shared/messages/record.ts';
import { type Passage, PassagesRetrieved, RetrievePassages } from '../../../shared/messages/retrieval.ts';
import { withUsage } from './answer.ts';
import { advance, type Decision, nothing } from './flow.ts';

/** What `ask` and `search` look for. */
export interface Query {
  readonly collection: string;
  readonly text: string;
  readonly top_k: number;
  readonly mode: SearchMode;
  readonly filter?: Filter | undefined;
}

/** First command: the query's vector; a query by words alone goes straight to the passages. */
export const startRetrieval = (job: Job, query: Query): Decision =>
  query.mode === 'text'
    ? advance(job, 0, retrieve(job, query))
    : advance(job, 0, { command: EmbedTexts({ batch: 'query', role: 'query', texts: [query.text] }), part: 'query' });

/** Follows the query to its passages; each step is heard only while the job waits for it. */
export function onRetrieval(
  job: Job,
  event: Event,
  query: Query,
  found: (job: Job, passages: readonly Passage[]) => Decision,
): Decision {
  if (event.type === TextsEmbedded.type && job.stage === EmbedTexts.type) {
    const { vectors, model, provider_ms, prompt_tokens } = event.body;
    const usage = {
      embedded_texts: vectors.length,
      provider_ms,
      ...(prompt_tokens === undefined ? {} : { prompt_tokens }),
    };
    return advance(withUsage(job, usage), 1, retrieve(job, query, vectors[0] ?? undefined, model));
  }
  if (event.type === PassagesRetrieved.type && job.stage === RetrievePassages.type)
    return found(job, event.body.passages);
  return nothing(job);
}

function retrieve(job: Job, { collection, text, top_k, mode, filter }: Query, vector?: string, model?: string) {
  const command = RetrievePassages({
    owner: job.owner,
    collection,
    query: text,
    top_k,
    mode,
    ...(vector === undefined ? {} : { vector }),
    ...(model === undefined ? {} : { model }),
    ...(filter === undefined ? {} : { filter }),
  });
  return { command, part: '0' };
}
