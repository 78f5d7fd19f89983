import { EmbedTexts, TextsEmbedded } from '../../../shared/messages/embedding.ts';
import type { Filter } from '../../../shared/messages/filter.ts';
import type { SearchMode } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import type { Event } from '../../../shared/messages/record.ts';
import {
  type Passage,
  PassagesRetrieved,
  QueryOutdated,
  RetrievePassages,
} from '../../../shared/messages/retrieval.ts';
import { advance, type Decision, fail, nothing, type Wish, withState } from './flow.ts';
import { embeddingUsage, withUsage } from './usage.ts';

/** What `ask` and `search` look for. */
export interface Query {
  readonly collection: string;
  readonly text: string;
  readonly top_k: number;
  readonly mode: SearchMode;
  readonly filter?: Filter | undefined;
  readonly explain?: boolean | undefined;
}

/** Models that a collection may change to while a query is under way. */
const MAX_MODELS = 5;

interface State {
  /** The model whose vectors the query's is compared with; any when absent. */
  readonly embedding_model?: string | undefined;
  /** How often the collection had another model by the time the query's vector was there. */
  readonly outdated?: number;
}

/** The query's vector comes first; a query by words alone goes straight to the passages. `done` steps came before. */
export const startRetrieval = (job: Job, query: Query, done = 0): Decision =>
  advance(job, done, query.mode === 'text' ? retrieve(job, query) : embed(job, query));

function embed(job: Job, { text }: Query): Wish {
  const { embedding_model: model } = job.state as State;
  const batch = batchOf(job);
  const named = model === undefined ? {} : { model };
  return { command: EmbedTexts({ batch, role: 'query', texts: [text], ...named }), part: batch, model };
}

const batchOf = (job: Job): string => {
  const { outdated = 0 } = job.state as State;
  return outdated === 0 ? 'query' : `query.${outdated}`;
};

/** Follows the query to its passages; each step is heard only while the job waits for it. */
export function onRetrieval(
  job: Job,
  event: Event,
  query: Query,
  found: (job: Job, passages: readonly Passage[]) => Decision,
): Decision {
  if (event.type === TextsEmbedded.type && job.stage === EmbedTexts.type && event.body.batch === batchOf(job)) {
    const { vectors, model } = event.body;
    const counted = withUsage(job, embeddingUsage(event.body));
    return advance(counted, counted.progress.done + 1, retrieve(job, query, vectors[0] ?? undefined, model));
  }
  if (event.type === PassagesRetrieved.type && job.stage === RetrievePassages.type)
    return found(job, event.body.passages);
  if (event.type === QueryOutdated.type && job.stage === RetrievePassages.type)
    return embedAgain(job, query, event.body.model);
  return nothing(job);
}

/** The collection went over to another model meanwhile: the query follows. */
function embedAgain(job: Job, query: Query, model: string | undefined): Decision {
  const { outdated = 0 } = job.state as State;
  if (outdated >= MAX_MODELS) {
    const message = `collection "${query.collection}" changes its embedding model again and again`;
    return fail(job, { code: 'validation', message });
  }
  const next = withState(job, { embedding_model: model, outdated: outdated + 1 });
  return advance(next, next.progress.done - 1, embed(next, query));
}

function retrieve(
  job: Job,
  { collection, text, top_k, mode, filter, explain }: Query,
  vector?: string,
  model?: string,
) {
  const command = RetrievePassages({
    owner: job.owner,
    collection,
    query: text,
    top_k,
    mode,
    ...(vector === undefined ? {} : { vector }),
    ...(model === undefined ? {} : { model }),
    ...(filter === undefined ? {} : { filter }),
    ...(explain === undefined ? {} : { explain }),
  });
  const { outdated = 0 } = job.state as State;
  return { command, part: String(outdated) };
}
