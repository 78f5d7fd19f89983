import type { DeadLetter } from './dead-letter.ts';

/** Where a letter is among all others, the oldest first: many may have died in the same moment. */
export interface Place {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly id: string;
}

/** What a stranger wrote into a letter may be no time. */
export const placeOf = ({ died_at, id }: Pick<DeadLetter, 'died_at' | 'id'>): Place => ({
  at: Date.parse(died_at) || 0,
  id,
});

export const isBefore = (one: Place, other: Place): boolean =>
  one.at === other.at ? one.id < other.id : one.at < other.at;

const byPlace = (one: DeadLetter, other: DeadLetter): number => (isBefore(placeOf(one), placeOf(other)) ? -1 : 1);

/** Gathers the first letters after a place, in whatever order they come, without keeping all of them: they may be large. */
export class Oldest {
  readonly #limit: number;
  readonly #after: Place | undefined;
  #kept = new Map<string, DeadLetter>();

  constructor(limit: number, after?: Place) {
    this.#limit = limit;
    this.#after = after;
  }

  add(letter: DeadLetter): void {
    const place = placeOf(letter);
    if (this.#after !== undefined && !isBefore(this.#after, place)) return;
    // A worker that died between burying a command and its ack leaves two copies of one letter.
    const copy = this.#kept.get(letter.id);
    if (copy !== undefined && isBefore(placeOf(copy), place)) return;
    this.#kept.set(letter.id, letter);
    // Not at each letter: sorting costs more than holding twice as many.
    if (this.#kept.size > 2 * this.#limit) this.#kept = new Map(this.letters().map((each) => [each.id, each]));
  }

  letters(): DeadLetter[] {
    return [...this.#kept.values()].sort(byPlace).slice(0, this.#limit);
  }
}
