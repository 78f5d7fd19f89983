import { quantile } from '../../../support/quantiles.ts';

/** Of several rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export const spreadOf = (values: readonly number[]): Spread | undefined =>
  values.length === 0
    ? undefined
    : { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };

/** With three significant digits. */
export const short = (value: number): string => {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
};

/** e.g. `120 [90–131]` */
export const inWords = (spread: Spread | undefined, unit = ''): string => {
  if (spread === undefined) return '–';
  const { median, min, max } = spread;
  return min === max ? `${short(median)}${unit}` : `${short(median)}${unit} [${short(min)}–${short(max)}]`;
};
