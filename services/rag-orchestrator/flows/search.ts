import type { SearchInput } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import { type Flow, succeed } from './flow.ts';
import { onRetrieval, type Query, startRetrieval } from './retrieval.ts';

const DEFAULT_TOP_K = 10;

function queryOf(job: Job): Query {
  const { collection, query, top_k = DEFAULT_TOP_K, mode = 'hybrid', filter, explain } = job.input as SearchInput;
  return { collection, text: query, top_k, mode, filter, explain };
}

/** search: the passages nearest to a query. */
export const search: Flow = {
  start: (job) => startRetrieval({ ...job, progress: { done: 0, total: 2 } }, queryOf(job)),
  on: (job, event) => onRetrieval(job, event, queryOf(job), (found, passages) => succeed(found, { results: passages })),
};
