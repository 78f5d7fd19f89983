import { Ticket } from '../api/operations.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import type { Gateway } from '../gateway.ts';
import { principalOf } from '../middleware/authenticate.ts';

export const ticketRoutes = (gateway: Gateway): Endpoint[] => [
  endpoint({
    method: 'post',
    path: '/v1/tickets',
    access: 'key',
    tag: 'WebSocket',
    summary: 'Get a ticket for a WebSocket',
    description: 'Opens `/v1/ws?ticket=…` for 60 seconds, for browsers, which cannot send a key as a header there.',
    answers: { 201: { description: 'The ticket.', schema: Ticket } },
    handle: (ctx) => {
      ctx.status = 201;
      ctx.set('Cache-Control', 'no-store');
      ctx.body = gateway.tickets.issue(principalOf(ctx));
    },
  }),
];
