import { type DeadLetter, type DeadLetterFilter, placeOf } from '../../../shared/bus/bus.ts';
import { isId } from '../../../shared/ids.ts';
import {
  DeadLetterAction,
  DeadLetterPage,
  DeadLetterPath,
  DeadLetterQuery,
  DeadLetterView,
  Discarded,
  Replayed,
} from '../api/dead-letter.ts';
import { askBroker } from '../ask-broker.ts';
import type { Context } from '../context.ts';
import { cursorAt, placeAt } from '../dead-letter-cursor.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import type { Gateway } from '../gateway.ts';
import { goneSignal } from '../gone.ts';
import { limitWithin } from '../hold.ts';
import { validationFailed } from '../middleware/validate.ts';
import { pageOf } from '../page.ts';
import { Problem } from '../problem.ts';
import { whyStaysDead } from '../stays-dead.ts';

const SECOND_MS = 1000;

const common = { access: 'admin', tag: 'Dead letters', problems: ['broker_unavailable', 'overloaded'] } as const;

/** What died, for an operator to look at, send back or throw away. */
export const deadLetterRoutes = (gateway: Gateway): Endpoint[] => [
  endpoint({
    ...common,
    method: 'get',
    path: '/v1/dead-letters',
    summary: 'List dead letters, oldest first',
    query: DeadLetterQuery,
    answers: { 200: { description: 'Dead letters without their bodies.', schema: DeadLetterPage } },
    handle: async (ctx, { query: { limit, after, ...rest } }) => {
      const place = after === undefined ? undefined : placeAt(after);
      // What comes after a place died after any time that the first page was asked for.
      const filter = filterOf({ filter: place === undefined ? { ...rest, after } : rest });
      const found = await askBroker(gateway, () => letters(gateway).list(filter, limit + 1, place));
      ctx.body = pageOf(found, limit, viewOf, (letter) => cursorAt(placeOf(letter)));
    },
  }),
  endpoint({
    ...common,
    method: 'get',
    path: '/v1/dead-letters/:id',
    summary: 'Read a dead letter',
    params: DeadLetterPath,
    answers: { 200: { description: 'The letter with the body of its command.', schema: DeadLetterView } },
    problems: ['dead_letter_not_found', 'broker_unavailable', 'overloaded'],
    handle: async (ctx, { params: { id } }) => {
      const letter = isId('dl', id) ? await askBroker(gateway, () => letters(gateway).get(id)) : undefined;
      if (letter === undefined)
        throw new Problem('dead_letter_not_found', `there is no dead letter "${id.slice(0, 100)}"`);
      ctx.body = { ...viewOf(letter), body: letter.body };
    },
  }),
  endpoint({
    ...common,
    method: 'post',
    path: '/v1/dead-letters/replay',
    summary: 'Replay dead letters',
    description:
      'Their commands go back to their jobs, which run on. Without `ids` and `filter`: all of them, up to `limit`. A letter whose job is gone, is not `failed` or was replayed since is skipped and stays; one letter brings its whole job back.',
    body: DeadLetterAction,
    bodyOptional: true,
    problems: ['broker_unavailable', 'overloaded', 'store_unavailable'],
    answers: { 202: { description: 'What was matched and what was sent back.', schema: Replayed } },
    handle: async (ctx, { body }) => {
      const refusal = (letter: DeadLetter) => whyStaysDead(gateway, letter);
      const options = { ...optionsOf(gateway, ctx, body), refusal };
      const { matched, replayed, skipped } = await askBroker(gateway, () =>
        letters(gateway).replay(filterOf(body), options),
      );
      ctx.status = 202;
      ctx.body = { matched, replayed, skipped };
    },
  }),
  endpoint({
    ...common,
    method: 'post',
    path: '/v1/dead-letters/discard',
    summary: 'Throw dead letters away',
    description: 'For good; their jobs stay failed. Needs `ids` or a `filter`, unless it is a `dry_run`.',
    body: DeadLetterAction,
    answers: { 202: { description: 'What was matched and what was thrown away.', schema: Discarded } },
    handle: async (ctx, { body }) => {
      if (body.ids === undefined && body.filter === undefined && !body.dry_run) {
        throw validationFailed([{ pointer: '', detail: 'say which: give ids or a filter' }]);
      }
      const options = optionsOf(gateway, ctx, body);
      const { matched, discarded, skipped } = await askBroker(gateway, () =>
        letters(gateway).discard(filterOf(body), options),
      );
      ctx.status = 202;
      ctx.body = { matched, discarded, skipped };
    },
  }),
];

const letters = ({ bus }: Gateway) => bus.deadLetters;

const viewOf = ({ body: _, ...letter }: DeadLetter): DeadLetterView => ({
  ...letter,
  age_s: Math.max(0, Math.round((Date.now() - Date.parse(letter.died_at)) / SECOND_MS)),
});

function filterOf({ ids, filter = {} }: Pick<DeadLetterAction, 'ids' | 'filter'>): DeadLetterFilter {
  const { queue, type, error_code, before, after } = filter;
  return {
    ...(ids === undefined ? {} : { ids }),
    ...(queue === undefined ? {} : { queue }),
    ...(type === undefined ? {} : { type }),
    ...(error_code === undefined ? {} : { error_code }),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

/** Stops when nobody waits for the answer any more; what is left stays. */
const optionsOf = ({ lifecycle }: Gateway, ctx: Context, { ids, limit, rate_per_s, dry_run }: DeadLetterAction) => ({
  limit: limitWithin({ ids, limit, rate_per_s: dry_run ? undefined : rate_per_s }),
  signal: AbortSignal.any([goneSignal(ctx.res), lifecycle.signal]),
  ...(rate_per_s === undefined ? {} : { ratePerS: rate_per_s }),
  ...(dry_run === undefined ? {} : { dryRun: dry_run }),
});
