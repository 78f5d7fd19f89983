import type { DeadLetterAction } from './api/dead-letter.ts';
import { validationFailed } from './middleware/validate.ts';

const DEFAULT_LIMIT = 1000;
/** While a request acts on dead letters it holds all of them: nobody else can look at any. */
const MOST_S = 60;

/**
 * How many letters a request may act on: as many as it asks for, unless its rate would make it hold the others too long.
 * @throws {Problem} validation_failed
 */
export function limitWithin({
  ids,
  limit,
  rate_per_s,
}: Pick<DeadLetterAction, 'ids' | 'limit' | 'rate_per_s'>): number {
  if (rate_per_s === undefined) return limit ?? DEFAULT_LIMIT;
  // The first letter does not wait.
  const most = Math.floor(MOST_S * rate_per_s) + 1;
  if (ids === undefined && limit === undefined) return Math.min(DEFAULT_LIMIT, most);
  const wanted = Math.min(limit ?? Number.POSITIVE_INFINITY, ids?.length ?? Number.POSITIVE_INFINITY);
  if (wanted <= most) return wanted;
  const detail =
    `${wanted} at ${rate_per_s} a second take longer than the ${MOST_S} s that a request may hold the dead letters: ` +
    `ask for ${most} at a time, as \`warren dead-letters\` with --rate does`;
  throw validationFailed([{ pointer: limit === undefined ? '/ids' : '/limit', detail }]);
}
