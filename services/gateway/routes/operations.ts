import { BreakerList, QueueList, WorkerList } from '../api/operations.ts';
import { askBroker } from '../ask-broker.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import type { Gateway } from '../gateway.ts';

const common = { method: 'get', access: 'admin', tag: 'Operations' } as const;

export const operationRoutes = (gateway: Gateway): Endpoint[] => [
  endpoint({
    ...common,
    path: '/v1/queues',
    summary: 'Depth and consumers of every queue',
    answers: { 200: { description: 'Lanes, journals, retry rungs, dead letters.', schema: QueueList } },
    problems: ['broker_unavailable'],
    handle: async (ctx) => {
      ctx.body = { data: await askBroker(gateway, () => gateway.bus.queues()) };
    },
  }),
  endpoint({
    ...common,
    path: '/v1/workers',
    summary: 'Workers heard of in the last 15 seconds',
    answers: { 200: { description: 'What each tells about itself.', schema: WorkerList } },
    handle: (ctx) => {
      ctx.body = { data: gateway.fleet.workers() };
    },
  }),
  endpoint({
    ...common,
    path: '/v1/breakers',
    summary: 'Circuit breakers of the providers, by worker',
    answers: { 200: { description: 'Their states.', schema: BreakerList } },
    handle: (ctx) => {
      ctx.body = { data: gateway.fleet.breakers() };
    },
  }),
];
