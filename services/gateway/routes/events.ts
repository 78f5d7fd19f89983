import { isTerminal } from '../../../shared/messages/job.ts';
import { eventsAfter } from '../../../shared/store/events.ts';
import { EventPage, EventQuery, JobPath } from '../api/job.ts';
import type { Context } from '../context.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import { findOwned } from '../find-job.ts';
import type { Gateway } from '../gateway.ts';
import { goneSignal } from '../gone.ts';
import { streamEvents } from '../live/event-stream.ts';
import { principalOf } from '../middleware/authenticate.ts';
import { validationFailed } from '../middleware/validate.ts';
import { pageOf } from '../page.ts';
import { eventWithNumbers, wantsNumbers } from '../vectors.ts';

const SEQ = /^\d{1,9}$/;

export const eventRoutes = (gateway: Gateway): Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/v1/jobs/:id/events',
    access: 'key',
    tag: 'Jobs',
    summary: 'Follow the events of a job, or page through them',
    description:
      'With `Accept: text/event-stream` a stream that begins after `Last-Event-ID` (or `after`), goes on live and ends with the job; ' +
      'a stream that has nothing more to show is 204, so that an EventSource stops. Otherwise a page of JSON.',
    headers: { 'Last-Event-ID': 'Number of the last event seen; comes before `after`.' },
    params: JobPath,
    query: EventQuery,
    answers: {
      200: {
        description: 'Events after the given number, in order.',
        schema: EventPage,
        mediaType: 'text/event-stream',
      },
      204: { description: 'Stream only: the job has ended and all its events were seen.' },
    },
    problems: ['job_not_found', 'store_unavailable'],
    handle: async (ctx, { params: { id }, query: { after: asked = 0, limit } }) => {
      const after = lastEventId(ctx) ?? asked;
      const job = await findOwned(gateway, principalOf(ctx).owner, id, goneSignal(ctx.res));
      const numbers = wantsNumbers(job);
      ctx.vary('Accept');
      if (ctx.accepts('application/json', 'text/event-stream') !== 'text/event-stream') {
        const events = await eventsAfter(gateway.reads, id, after, limit + 1);
        ctx.body = pageOf(
          events,
          limit,
          (event) => (numbers ? eventWithNumbers(event) : event),
          ({ seq }) => String(seq),
        );
      } else if (isTerminal(job.status) && after >= job.last_seq) {
        ctx.status = 204;
      } else {
        await streamEvents(gateway, ctx, { job: id, after, numbers });
      }
    },
  }),
];

function lastEventId(ctx: Context): number | undefined {
  const header = ctx.get('Last-Event-ID');
  if (header === '') return undefined;
  if (!SEQ.test(header))
    throw validationFailed([{ pointer: '/Last-Event-ID', detail: 'must be the number of an event' }]);
  return Number(header);
}
