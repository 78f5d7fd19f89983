import { isTerminal } from '../../../shared/messages/job.ts';
import { listJobs } from '../../../shared/store/jobs.ts';
import { draftOf } from '../accept/draft.ts';
import { CancelBody, JobListQuery, JobPage, JobPath, JobQuery, JobView } from '../api/job.ts';
import { Submission } from '../api/submission.ts';
import { cancel } from '../cancel.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import { awaitEnd, findOwned } from '../find-job.ts';
import type { Gateway } from '../gateway.ts';
import { goneSignal } from '../gone.ts';
import { jobInList, jobView } from '../job-view.ts';
import { Watch } from '../live/watch.ts';
import { principalOf } from '../middleware/authenticate.ts';
import { pageOf } from '../page.ts';
import { SUBMIT_ANSWERS, SUBMIT_HEADERS, SUBMIT_PROBLEMS, submit } from './submit.ts';

const SECOND_MS = 1000;

export const jobRoutes = (gateway: Gateway): Endpoint[] => [
  endpoint({
    method: 'post',
    path: '/v1/jobs',
    access: 'key',
    tag: 'Jobs',
    summary: 'Submit a job',
    headers: SUBMIT_HEADERS,
    body: Submission,
    answers: SUBMIT_ANSWERS,
    problems: SUBMIT_PROBLEMS,
    handle: (ctx, { body }) => submit(gateway, ctx, draftOf(principalOf(ctx).owner, body)),
  }),
  endpoint({
    method: 'get',
    path: '/v1/jobs',
    access: 'key',
    tag: 'Jobs',
    summary: 'List jobs, newest first',
    description: 'Results of `embed` jobs are left out here.',
    query: JobListQuery,
    answers: { 200: { description: 'A page of jobs.', schema: JobPage } },
    problems: ['store_unavailable'],
    handle: async (ctx, { query: { limit, ...filter } }) => {
      const jobs = await listJobs(gateway.reads, { ...filter, owner: principalOf(ctx).owner, limit: limit + 1 });
      ctx.body = pageOf(jobs, limit, jobInList, ({ id }) => id);
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/jobs/:id',
    access: 'key',
    tag: 'Jobs',
    summary: 'Read a job, or wait for its end',
    params: JobPath,
    query: JobQuery,
    answers: { 200: { description: 'The job as it is now.', schema: JobView } },
    problems: ['job_not_found', 'store_unavailable'],
    handle: async (ctx, { params: { id }, query: { wait = 0 } }) => {
      const gone = goneSignal(ctx.res);
      const watch = new Watch(gateway.hub, id, 'end');
      try {
        const job = await findOwned(gateway, principalOf(ctx).owner, id, gone);
        const over = wait === 0 || isTerminal(job.status);
        ctx.body = jobView(over ? job : await awaitEnd(gateway, watch, job, wait * SECOND_MS, gone));
      } finally {
        watch.close();
      }
    },
  }),
  endpoint({
    method: 'post',
    path: '/v1/jobs/:id/cancel',
    access: 'key',
    tag: 'Jobs',
    summary: 'Cancel a job',
    description: 'The job ends as `cancelled` once its turn has read this; work under way is stopped.',
    params: JobPath,
    body: CancelBody,
    bodyOptional: true,
    answers: { 202: { description: 'The wish is written down.', schema: JobView } },
    problems: ['job_not_found', 'job_terminal', 'broker_unavailable', 'overloaded', 'draining', 'store_unavailable'],
    handle: async (ctx, { params: { id }, body: { reason } }) => {
      const job = await cancel(gateway, principalOf(ctx).owner, id, { reason, gone: goneSignal(ctx.res) });
      ctx.status = 202;
      ctx.body = jobView(job);
    },
  }),
];
