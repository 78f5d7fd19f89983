import { Ticket } from '../api/operations.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import type { Gateway } from '../gateway.ts';
import { principalOf } from '../middleware/authenticate.ts';
import { Problem } from '../problem.ts';

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
  endpoint({
    method: 'get',
    path: '/v1/ws',
    access: 'public',
    tag: 'WebSocket',
    summary: 'The WebSocket',
    description: 'Subprotocol `warren.v1`; what is said over it is described in `/asyncapi.json`.',
    answers: { 101: { description: 'The connection is a WebSocket from here on.' } },
    problems: ['upgrade_required', 'unauthenticated', 'forbidden', 'rate_limited', 'draining'],
    handle: () => {
      throw new Problem('upgrade_required', 'open this address as a WebSocket', { headers: { Upgrade: 'websocket' } });
    },
  }),
];
