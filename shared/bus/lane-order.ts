import { PRIORITIES, type Priority } from '../messages/job.ts';

/** Of 21 commands taken while all lanes are full, so many come from each: high first, low never starves. */
export const LANE_WEIGHTS: Readonly<Record<Priority, number>> = { high: 16, normal: 4, low: 1 };

/** What each lane is owed. */
export type Credits = Readonly<Record<Priority, number>>;

export const NO_CREDITS: Credits = { high: 0, normal: 0, low: 0 };

/**
 * Smooth weighted round robin among the lanes that have something: each gains its weight, the richest is served and
 * pays for all. A lane without anything neither saves nor owes, so whoever comes after a pause waits for no old debt.
 */
export function nextLane(
  credits: Credits,
  filled: readonly Priority[],
): { readonly lane: Priority; readonly credits: Credits } | undefined {
  if (filled.length === 0) return undefined;
  const next = { ...NO_CREDITS };
  let total = 0;
  let best: Priority | undefined;
  for (const lane of PRIORITIES) {
    if (!filled.includes(lane)) continue;
    next[lane] = credits[lane] + LANE_WEIGHTS[lane];
    total += LANE_WEIGHTS[lane];
    if (best === undefined || next[lane] > next[best]) best = lane;
  }
  if (best === undefined) return undefined;
  next[best] -= total;
  return { lane: best, credits: next };
}
