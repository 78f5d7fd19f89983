import { quantile } from '../../../support/quantiles.ts';
import type { Timed } from '../load/loops.ts';
import type { Figures } from './phase.ts';

/** Rate and quantiles of what a loop did. */
export const timesOf = (key: string, { times, seconds }: Timed): Figures => ({
  [`${key}.rate`]: times.length / seconds,
  [`${key}.p50`]: quantile(times, 0.5),
  [`${key}.p99`]: quantile(times, 0.99),
});
