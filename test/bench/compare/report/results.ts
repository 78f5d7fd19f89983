import type { Figures } from '../phases/phase.ts';
import { type Spread, spreadOf } from './spread.ts';

/** What each system showed, round by round. */
export class Results {
  readonly #rounds = new Map<string, Figures[]>();

  add(system: string, figures: Figures): void {
    this.#rounds.set(system, [...(this.#rounds.get(system) ?? []), figures]);
  }

  has(system: string): boolean {
    return this.#rounds.has(system);
  }

  keys(system: string): readonly string[] {
    return [...new Set((this.#rounds.get(system) ?? []).flatMap((figures) => Object.keys(figures)))];
  }

  of(system: string, key: string): Spread | undefined {
    return spreadOf(this.#values(system, key));
  }

  /** One figure over another (by the same key when no other is named), round by round: each pair was measured one after the other. */
  ratio(system: string, other: string, key: string, otherKey = key): Spread | undefined {
    const [ours, theirs] = [this.#rounds.get(system) ?? [], this.#rounds.get(other) ?? []];
    const ratios = ours.flatMap((figures, round) => {
      const [value, base] = [figures[key], theirs[round]?.[otherKey]];
      return value === undefined || base === undefined || base === 0 ? [] : [value / base];
    });
    return spreadOf(ratios);
  }

  toJSON(): Readonly<Record<string, readonly Figures[]>> {
    return Object.fromEntries(this.#rounds);
  }

  #values(system: string, key: string): number[] {
    return (this.#rounds.get(system) ?? []).flatMap((figures) => figures[key] ?? []);
  }
}
