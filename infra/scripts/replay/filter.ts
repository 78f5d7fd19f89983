import { InvalidArgumentError } from 'commander';
import type { DeadLetterFilter } from '../../../shared/bus/bus.ts';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The options that choose dead letters, as the command line has them. */
export interface FilterOptions {
  readonly id?: readonly string[];
  readonly type?: string;
  readonly error?: string;
  readonly queue?: string;
  readonly before?: string;
  readonly after?: string;
}

/**
 * An instant, as RFC 3339: given so, or as an age such as `90s`, `30m`, `2h`, `7d`.
 * @throws {InvalidArgumentError} when it is neither
 */
export function instant(text: string, now = Date.now()): string {
  const age = /^(\d+)([smhd])$/.exec(text);
  const at = age === null ? Date.parse(text) : now - Number(age[1]) * (UNIT_MS[age[2] ?? ''] ?? 0);
  if (Number.isNaN(at))
    throw new InvalidArgumentError('give a time such as 2026-01-31T12:00:00Z, or an age such as 2h');
  return new Date(at).toISOString();
}

/** Gathers `--id a --id b,c` into one list. */
export const ids = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...text.split(',').filter((id) => id !== ''),
];

/** What the bus is asked for; ids given as words and by `--id` count alike. */
export function filterOf(words: readonly string[], options: FilterOptions): DeadLetterFilter {
  const wanted = [...words, ...(options.id ?? [])];
  return {
    ...(wanted.length > 0 && { ids: wanted }),
    ...(options.type !== undefined && { type: options.type }),
    ...(options.error !== undefined && { error_code: options.error }),
    ...(options.queue !== undefined && { queue: options.queue }),
    ...(options.before !== undefined && { before: options.before }),
    ...(options.after !== undefined && { after: options.after }),
  };
}
