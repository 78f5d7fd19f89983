/** Seconds a command may wait for its next attempt; each has a queue of its own, so that none waits behind a longer one. */
export const RUNGS_S = [1, 5, 15, 60, 300] as const;
export type Rung = (typeof RUNGS_S)[number];

/** How many of those that fail together go one rung higher, so that they do not come back together. */
const JITTER_SHARE = 0.25;
const LONGEST: Rung = 300;

/** The rung after the nth failed attempt (from 1), `random` in [0, 1). Rungs never fall below `afterMs`, if one is that long. */
export function rungFor(attempt: number, afterMs = 0, random = Math.random()): Rung {
  const step = attempt - 1 + (attempt > 1 && random < JITTER_SHARE ? 1 : 0);
  const wanted = RUNGS_S[Math.min(step, RUNGS_S.length - 1)] ?? LONGEST;
  return wanted * 1000 >= afterMs ? wanted : rungOfAtLeast(afterMs);
}

export const rungOfAtLeast = (ms: number): Rung => RUNGS_S.find((rung) => rung * 1000 >= ms) ?? LONGEST;
