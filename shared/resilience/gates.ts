import type { Logger } from 'pino';
import { metrics } from '../metrics/metrics.ts';
import { type BreakerOptions, type BreakerState, createBreaker } from './breaker.ts';
import { createGate, type Gate } from './gate.ts';

/** Jobs may name models at will; of more than this, those not used for longest are forgotten. */
const MOST_MODELS = 64;
const LEVEL: Record<BreakerState, number> = { closed: 0, 'half-open': 1, open: 2 };

export interface GatesOptions {
  readonly provider: string;
  readonly log: Logger;
  readonly probe: (model: string, signal: AbortSignal) => Promise<void>;
  readonly breaker?: Omit<BreakerOptions, 'name' | 'onState'>;
}

/** The gates of one provider, one a model: a broken model must not stop the others of its server. */
export interface Gates {
  of(model: string): Gate;
  /** The provider has no such model. */
  forget(model: string): void;
  /** By `<provider>/<model>`. */
  states(): Readonly<Record<string, BreakerState>>;
  close(): void;
}

export function createGates({ provider, log, probe, breaker }: GatesOptions): Gates {
  const gates = new Map<string, Gate>();
  const nameOf = (model: string): string => `${provider}/${model}`;
  const tell = (name: string, state: BreakerState): void => {
    metrics.breakerState.set({ breaker: name }, LEVEL[state]);
    log[state === 'closed' ? 'info' : 'warn']({ provider, breaker: name, state }, `breaker is ${state}`);
  };
  const make = (model: string): Gate => {
    const name = nameOf(model);
    metrics.breakerState.set({ breaker: name }, LEVEL.closed);
    return createGate({
      provider,
      breaker: createBreaker({ ...breaker, name, onState: (state) => tell(name, state) }),
      probe: (signal) => probe(model, signal),
    });
  };
  const forget = (model: string): void => {
    gates.get(model)?.close();
    gates.delete(model);
    metrics.breakerState.remove({ breaker: nameOf(model) });
  };
  return {
    of: (model) => {
      const gate = gates.get(model) ?? make(model);
      gates.delete(model);
      gates.set(model, gate); // the last used is the last in order
      const [eldest] = gates.keys();
      if (gates.size > MOST_MODELS && eldest !== undefined) forget(eldest);
      return gate;
    },
    forget,
    states: () => Object.fromEntries(Array.from(gates, ([model, gate]) => [nameOf(model), gate.state()])),
    close: () => {
      for (const model of [...gates.keys()]) forget(model);
    },
  };
}
