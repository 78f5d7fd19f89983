import { SearchInput } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import { accept } from '../accept/accept.ts';
import { draftOf } from '../accept/draft.ts';
import { SearchResults } from '../api/search.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import { awaitEnd } from '../find-job.ts';
import type { Gateway } from '../gateway.ts';
import { goneSignal } from '../gone.ts';
import { Watch } from '../live/watch.ts';
import { principalOf } from '../middleware/authenticate.ts';
import { Problem } from '../problem.ts';

export const searchRoutes = (gateway: Gateway): Endpoint[] => [
  endpoint({
    method: 'post',
    path: '/v1/search',
    access: 'key',
    tag: 'Search',
    summary: 'Find passages',
    description: 'A `search` job of high priority that is waited for; `Location` names it.',
    body: SearchInput,
    answers: { 200: { description: 'The passages, best first.', schema: SearchResults, headers: ['Location'] } },
    problems: [
      'collection_not_found',
      'search_failed',
      'wait_timeout',
      'rate_limited',
      'broker_unavailable',
      'overloaded',
      'draining',
    ],
    handle: async (ctx, { body }) => {
      const job = await search(gateway, principalOf(ctx).owner, body, goneSignal(ctx.res));
      ctx.set('Location', `/v1/jobs/${job.id}`);
      ctx.body = { results: resultsOf(job) };
    },
  }),
];

/** Somebody sits and waits for the results: they go before work that nobody watches. */
const PRIORITY = 'high';

async function search(gateway: Gateway, owner: string, input: SearchInput, gone: AbortSignal): Promise<Job> {
  let watch: Watch | undefined;
  const follow = (id: string) => {
    watch = new Watch(gateway.hub, id, 'end');
  };
  try {
    const { job } = await accept(gateway, draftOf(owner, { type: 'search', input, priority: PRIORITY }), { follow });
    return watch === undefined ? job : await awaitEnd(gateway, watch, job, gateway.limits.searchMs, gone);
  } finally {
    watch?.close();
  }
}

/** @throws {Problem} when the search did not succeed */
function resultsOf(job: Job): unknown {
  const headers = { Location: `/v1/jobs/${job.id}` };
  switch (job.status) {
    case 'succeeded':
      return job.result?.results ?? [];
    case 'failed':
      throw failureOf(job, headers);
    case 'cancelled':
      throw new Problem('search_failed', 'the search was cancelled', { headers });
    case 'scheduled':
    case 'queued':
    case 'running':
      throw new Problem('wait_timeout', 'the search goes on, read the job in a while', { headers });
  }
}

function failureOf({ error }: Job, headers: Record<string, string>): Problem {
  const message = error?.message ?? 'the search failed';
  switch (error?.code) {
    case 'collection_not_found':
      return new Problem('collection_not_found', message, { headers });
    case 'validation':
      return new Problem('validation_failed', message, { headers });
    case 'deadline_exceeded':
      return new Problem('wait_timeout', message, { headers });
    default:
      return new Problem('search_failed', message, { headers });
  }
}
