import { quantile } from '../../infra/eval/scoring/quantile.ts';

export { quantile };

/** e.g. `p50 12 ms, p99 31 ms, max 40 ms of 30` */
export const spread = (values: readonly number[]): string => {
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => quantile(values, share).toFixed(1));
  return `p50 ${p50} ms, p99 ${p99} ms, max ${most} ms of ${values.length}`;
};
