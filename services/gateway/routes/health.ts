import { registry } from '../../../shared/metrics/metrics.ts';
import { Liveness, Readiness } from '../api/operations.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import type { Gateway } from '../gateway.ts';
import { isReady, readinessOf } from '../readiness.ts';

const common = { method: 'get', access: 'public', tag: 'Health' } as const;

export const healthRoutes = (gateway: Gateway): Endpoint[] => [
  endpoint({
    ...common,
    path: '/livez',
    summary: 'Whether the process runs',
    answers: { 200: { description: 'It does.', schema: Liveness } },
    handle: (ctx) => {
      ctx.body = { status: 'ok' };
    },
  }),
  endpoint({
    ...common,
    path: '/readyz',
    summary: 'Whether jobs can be accepted, and the state of each dependency',
    description: 'Without its database the gateway still accepts jobs, so that is 200 and `degraded`.',
    answers: {
      200: { description: 'Jobs are accepted.', schema: Readiness },
      503: { description: 'Send nothing here now.', schema: Readiness },
    },
    handle: async (ctx) => {
      const readiness = await readinessOf(gateway);
      ctx.status = isReady(readiness) ? 200 : 503;
      ctx.body = readiness;
    },
  }),
  endpoint({
    ...common,
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    answers: { 200: { description: 'Text exposition format.', mediaType: 'text/plain' } },
    handle: async (ctx) => {
      ctx.set('Content-Type', registry.contentType);
      ctx.body = await registry.metrics();
    },
  }),
];
