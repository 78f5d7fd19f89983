import { InvalidArgumentError } from 'commander';
import { PRIORITIES } from '../../shared/messages/job.ts';

/** @throws {InvalidArgumentError} */
export function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number from 1 on');
  return value;
}

/** @throws {InvalidArgumentError} */
export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('give a number above 0');
  return value;
}

/** One of a few words. */
export const oneOf =
  (words: readonly string[]) =>
  (text: string): string => {
    if (!words.includes(text)) throw new InvalidArgumentError(`give one of ${words.join(', ')}`);
    return text;
  };

export const priority = oneOf(PRIORITIES);

type Scalar = string | number | boolean;

/** Gathers `--filter lang=en --filter year=2026` into one object; numbers and true/false are taken as such. */
export function filters(text: string, before: Readonly<Record<string, Scalar>> = {}): Record<string, Scalar> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('give KEY=VALUE');
  return { ...before, [text.slice(0, at)]: scalar(text.slice(at + 1)) };
}

function scalar(text: string): Scalar {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
