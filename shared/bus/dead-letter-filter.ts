import type { DeadLetter } from './dead-letter.ts';

/** Which dead letters; every field given must fit. */
export interface DeadLetterFilter {
  readonly ids?: readonly string[];
  /** Lane in which the command died. */
  readonly queue?: string;
  readonly type?: string;
  readonly error_code?: string;
  /** RFC 3339; compared with `died_at`. */
  readonly before?: string;
  readonly after?: string;
}

export function fits(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  const diedAt = Date.parse(letter.died_at);
  return (
    (filter.ids === undefined || filter.ids.includes(letter.id)) &&
    (filter.queue === undefined || filter.queue === letter.queue) &&
    (filter.type === undefined || filter.type === letter.type) &&
    (filter.error_code === undefined || filter.error_code === letter.error.code) &&
    (filter.before === undefined || diedAt < Date.parse(filter.before)) &&
    (filter.after === undefined || diedAt > Date.parse(filter.after))
  );
}
