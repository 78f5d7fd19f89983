import type { Running } from '../systems/system.ts';

/** How much is done; enough for figures to trust, or just enough to see that all works. */
export interface Scale {
  /** Before anything is measured: compilers, caches and connection pools have their first work behind them then. */
  readonly warmMs: number;
  /** Of each closed loop. */
  readonly loopMs: number;
  readonly drainJobs: number;
  readonly burstSeconds: number;
  readonly idleMs: number;
  readonly streamTokens: number;
}

export const FULL: Scale = {
  warmMs: 8_000,
  loopMs: 6_000,
  drainJobs: 20_000,
  burstSeconds: 10,
  idleMs: 15_000,
  streamTokens: 500,
};
export const QUICK: Scale = {
  warmMs: 3_000,
  loopMs: 2_000,
  drainJobs: 4_000,
  burstSeconds: 3,
  idleMs: 4_000,
  streamTokens: 150,
};

export interface Stage {
  readonly running: Running;
  readonly scale: Scale;
}

/** What was measured, by the keys of `report/figures.ts`. */
export type Figures = Readonly<Record<string, number>>;

export interface Phase {
  readonly name: string;
  readonly about: string;
  run(stage: Stage): Promise<Figures>;
}
