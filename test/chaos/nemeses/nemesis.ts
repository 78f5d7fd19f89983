import type { Random } from '../random.ts';
import type { Layout } from '../system/layout.ts';
import type { System } from '../system/system.ts';

/** One disturbance, as it was drawn before anything began. */
export interface Strike {
  readonly nemesis: string;
  /** What it hits: a replica, a service, a link, the broker. */
  readonly target: string;
  /** How long the disturbance lasts; 0 for what is over at once. */
  readonly forMs: number;
  /** Into its round. */
  readonly afterMs: number;
  /** What else was drawn for it. */
  readonly variant?: string;
}

export type Drawn = Omit<Strike, 'nemesis' | 'target' | 'afterMs'>;

/** A kind of disturbance. */
export interface Nemesis {
  readonly name: string;
  /** For `--help` and the documentation. */
  readonly about: string;
  /** All it may hit in a system of this layout; nothing when it makes no sense there. */
  targets(layout: Layout): readonly string[];
  /** How it hits it this time. */
  draw(random: Random): Drawn;
  /**
   * Does it, and takes it back. Resolves when the disturbance is over; what it did must be undone even if it rejects.
   */
  strike(system: System, strike: Strike): Promise<void>;
}

export const once: Nemesis['draw'] = () => ({ forMs: 0 });

/** Mostly short, now and then so long that heartbeats and time-outs strike as well. */
export const lasting =
  (least: number, most: number, long = most): Nemesis['draw'] =>
  (random) => ({ forMs: random.chance(0.12) ? random.int(most, long) : random.int(least, most) });
