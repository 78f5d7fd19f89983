import { z } from 'zod';

const most = z.int().min(1).max(10_000_000);

/** What one API key may ask for. */
const KeyLimits = z.strictObject({
  /** Submissions a second, at each gateway. */
  rate: most.optional(),
  /** Jobs that have not ended. */
  in_flight: most.optional(),
  /** Jobs that have not begun, scheduled ones included. */
  queued: most.optional(),
});
export type KeyLimits = z.output<typeof KeyLimits>;

/** Limits by the name of the key; `*` is for every key that does not say otherwise. */
export const KeyLimitsByName = z.record(z.string(), KeyLimits);
export type KeyLimitsByName = z.output<typeof KeyLimitsByName>;

/** A bound for everything: a million jobs of one key. */
export const DEFAULT_KEY_LIMITS: KeyLimitsByName = { '*': { in_flight: 1_000_000 } };
