import { quantile } from './quantile.ts';
import { seededRandom } from './random.ts';

/** A mean, and between which values it lies with the confidence that was asked for. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const CONFIDENCE = 0.95;
const RESAMPLES = 5_000;
/** The same values give the same interval, in every run. */
const SEED = 20_260_101;

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean over questions with its 95 % interval by the percentile bootstrap; NaN of no values. */
export function bootstrapMean(values: readonly number[], resamples = RESAMPLES): Estimate {
  const random = seededRandom(SEED);
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let drawn = 0; drawn < values.length; drawn++) sum += values[Math.floor(random() * values.length)] ?? 0;
    return sum / values.length;
  });
  const tail = (1 - CONFIDENCE) / 2;
  return { mean: meanOf(values), low: quantile(means, tail), high: quantile(means, 1 - tail) };
}

/**
 * How much better `after` is than `before`, question by question (paired bootstrap): what both find easy or hard does
 * not blur the difference. Both must be in the same order of questions.
 */
export function pairedDifference(after: readonly number[], before: readonly number[]): Estimate {
  if (after.length !== before.length)
    throw new RangeError('a paired comparison needs the same questions on both sides');
  return bootstrapMean(after.map((value, index) => value - (before[index] ?? 0)));
}

/** Whether a difference is there in either direction: its interval does not hold 0. */
export const isSignificant = ({ low, high }: Estimate): boolean => low > 0 || high < 0;

/** Whether a difference is a loss that chance does not explain. */
export const isDrop = ({ high }: Estimate): boolean => high < 0;
