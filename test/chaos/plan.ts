import type { Nemesis, Strike } from './nemeses/nemesis.ts';
import { Deck, Random } from './random.ts';
import type { Layout } from './system/layout.ts';

/** Disturbances that begin within a few seconds of each other, then a rest in which the system recovers. */
export interface Round {
  readonly strikes: readonly Strike[];
  readonly restMs: number;
}

/** What a round takes beside its strikes and its rest: until the system is as before, for most of them. */
const RECOVERY_MS = 4_000;
const COMBINED = 0.4;
const MOST_AT_ONCE = 3;
const WITHIN_MS = 2_500;
const REST_MS = [1_000, 4_000] as const;

/** So long a round lasts by its plan. What the system needs to recover may make it longer, never shorter. */
export const nominalMs = ({ strikes, restMs }: Round): number =>
  Math.max(...strikes.map(({ afterMs, forMs }) => afterMs + forMs)) + RECOVERY_MS + restMs;

interface PlanOptions {
  readonly seed: string;
  readonly minutes: number;
  readonly nemeses: readonly Nemesis[];
  readonly layout: Layout;
}

/** All rounds, drawn from the seed before anything begins: every nemesis comes before any comes again. */
export function drawPlan({ seed, minutes, nemeses: wanted, layout }: PlanOptions): Round[] {
  const random = new Random(`${seed}/plan`);
  const nemeses = wanted.filter(({ targets }) => targets(layout).length > 0);
  const deck = new Deck(nemeses, random);
  const targets = new Map(
    nemeses.map(({ name, targets }) => [name, new Deck(targets(layout), random.fork(`targets of ${name}`))]),
  );
  const strike = (afterMs: number): Strike => {
    const nemesis = deck.deal();
    const target = targets.get(nemesis.name)?.deal() ?? '';
    return { nemesis: nemesis.name, target, afterMs, ...nemesis.draw(random) };
  };
  const rounds: Round[] = [];
  for (let left = minutes * 60_000; left > 0; ) {
    const many = random.chance(COMBINED) ? random.int(2, MOST_AT_ONCE) : 1;
    const strikes = Array.from({ length: many }, (_, n) => strike(n === 0 ? 0 : random.int(0, WITHIN_MS)));
    const round = { strikes, restMs: random.int(...REST_MS) };
    rounds.push(round);
    left -= nominalMs(round);
  }
  return rounds;
}

export const describeStrike = ({ nemesis, target, forMs, variant }: Strike): string =>
  [nemesis, variant && `(${variant})`, target, forMs > 0 && `for ${(forMs / 1000).toFixed(1)} s`]
    .filter(Boolean)
    .join(' ');
