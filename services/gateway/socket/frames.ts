import { z } from 'zod';
import { AT, CITATION, EMBED_INPUT, JOB, QUEUED_JOB } from '../api/examples.ts';
import { EventView, JobView } from '../api/job.ts';
import { named } from '../api/named.ts';
import { ProblemView } from '../api/problem.ts';
import { Submission } from '../api/submission.ts';

export const MAX_ID_CHARS = 100;
const MAX_SEQ = 2 ** 31 - 1;

/** Chosen by the client; names an answer's question, and a subscription until its job has ended. */
export const FrameId = z.string().min(1).max(MAX_ID_CHARS);

const Submit = named('SubmitFrame', z.strictObject({ type: z.literal('submit'), id: FrameId, job: Submission }), {
  description:
    'Submits a job; the socket follows it from its first event on. Until the job has ended, or an unsubscribe, `id` stands for it and is refused for another.',
  examples: [{ type: 'submit', id: '1', job: { type: 'embed', input: EMBED_INPUT } }],
});
const Subscribe = named(
  'SubscribeFrame',
  z.strictObject({
    type: z.literal('subscribe'),
    id: FrameId,
    job: z.string().max(MAX_ID_CHARS),
    after: z.int().min(0).max(MAX_SEQ).optional(),
  }),
  {
    description: 'Follows a job from the event after `after` on. Of `id` holds what holds of a submit frame.',
    examples: [{ type: 'subscribe', id: '2', job: JOB, after: 17 }],
  },
);
const Unsubscribe = named('UnsubscribeFrame', z.strictObject({ type: z.literal('unsubscribe'), id: FrameId }), {
  description: 'Ends the subscription that a submit or subscribe frame of this id began.',
  examples: [{ type: 'unsubscribe', id: '2' }],
});
const Cancel = named(
  'CancelFrame',
  z.strictObject({
    type: z.literal('cancel'),
    id: FrameId,
    job: z.string().max(MAX_ID_CHARS),
    reason: z.string().max(1000).optional(),
  }),
  { description: 'Cancels a job; answered with `accepted`.', examples: [{ type: 'cancel', id: '3', job: JOB }] },
);
const Ping = named('PingFrame', z.strictObject({ type: z.literal('ping') }), { examples: [{ type: 'ping' }] });

/** What a client may say. */
export const ClientFrame = z.discriminatedUnion('type', [Submit, Subscribe, Unsubscribe, Cancel, Ping]);
export type ClientFrame = z.output<typeof ClientFrame>;

const Hello = named(
  'HelloFrame',
  z.object({ type: z.literal('hello'), heartbeat_ms: z.int(), server_version: z.string() }),
  { examples: [{ type: 'hello', heartbeat_ms: 20_000, server_version: '0.1.0' }] },
);
const Accepted = named('AcceptedFrame', z.object({ type: z.literal('accepted'), id: FrameId, job: JobView }), {
  examples: [{ type: 'accepted', id: '1', job: QUEUED_JOB }],
});
const Subscribed = named(
  'SubscribedFrame',
  z.object({ type: z.literal('subscribed'), id: FrameId, job: z.string(), last_seq: z.int() }),
  { examples: [{ type: 'subscribed', id: '2', job: JOB, last_seq: 20 }] },
);
const Refused = named('ErrorFrame', z.object({ type: z.literal('error'), id: FrameId, problem: ProblemView }));
const EventFrame = named('EventFrame', z.object({ type: z.literal('event'), ...EventView.shape }), {
  examples: [{ type: 'event', job: JOB, seq: 3, event: 'sources.found', at: AT, data: { citations: [CITATION] } }],
});
const Pong = named('PongFrame', z.object({ type: z.literal('pong') }), { examples: [{ type: 'pong' }] });
const GoingAway = named('GoingAwayFrame', z.object({ type: z.literal('going_away'), reconnect_in_ms: z.int() }), {
  examples: [{ type: 'going_away', reconnect_in_ms: 750 }],
});

/** What a server may say. */
export const ServerFrame = z.discriminatedUnion('type', [
  Hello,
  Accepted,
  Subscribed,
  Refused,
  EventFrame,
  Pong,
  GoingAway,
]);
export type ServerFrame = z.output<typeof ServerFrame>;

export const CLIENT_FRAMES = { Submit, Subscribe, Unsubscribe, Cancel, Ping };
export const SERVER_FRAMES = { Hello, Accepted, Subscribed, Refused, EventFrame, Pong, GoingAway };
