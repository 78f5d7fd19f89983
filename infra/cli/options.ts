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

/** @throws {InvalidArgumentError} */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('give a number from 0 to 1');
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
type Filter = Readonly<Record<string, unknown>>;

/**
 * Gathers `--filter lang=en --filter '{"year":{"gte":2026}}'` into one filter: all must hold. In KEY=VALUE numbers and
 * true/false are taken as such.
 */
export function filters(text: string, before: Filter = {}): Filter {
  const more = text.startsWith('{') ? fromJson(text) : fromPair(text);
  const twice = Object.keys(more).some((key) => key in before);
  return twice ? { and: [before, more] } : { ...before, ...more };
}

function fromJson(text: string): Filter {
  try {
    return JSON.parse(text) as Filter;
  } catch (error) {
    throw new InvalidArgumentError(`this is not JSON: ${(error as Error).message}`);
  }
}

function fromPair(text: string): Filter {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('give KEY=VALUE or a filter as JSON');
  return { [text.slice(0, at)]: scalar(text.slice(at + 1)) };
}

function scalar(text: string): Scalar {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
