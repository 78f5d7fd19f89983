import type { Recorder } from '../recorder.ts';
import type { Workload } from '../workload.ts';

/** What every client is given. */
export interface ClientOptions {
  readonly name: string;
  readonly workload: Workload;
  readonly recorder: Recorder;
  /** Addresses of all gateways. */
  readonly gateways: readonly string[];
  /** Aborted when nothing new is to be asked for. */
  readonly enough: AbortSignal;
  /** Aborted when nobody is to follow anything any more. */
  readonly over: AbortSignal;
}

/** Jobs of one client under way at once: a system that stands still is not buried under what it cannot do. */
export const MOST_OPEN = 6;

/** Gateways in turn: the next one is another, as a load balancer would choose. */
export class Turns {
  readonly #gateways: readonly string[];
  #n: number;

  constructor(gateways: readonly string[], from: number) {
    this.#gateways = gateways;
    this.#n = from;
  }

  next(): string {
    this.#n += 1;
    return this.#gateways[this.#n % this.#gateways.length] ?? '';
  }
}
