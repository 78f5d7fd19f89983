import type { Delivery } from './delivery.ts';
import { pause } from './pause.ts';

/** A pause shorter than this would give commands back and take them again for nothing. */
const SHORTEST_MS = 100;

/** What it means for the lanes to be in each state. Called one after the other; must not reject. */
export interface PauseEffects {
  /** Take nothing, and give back what nobody has begun. */
  halt(): Promise<void>;
  /** Take as little as it needs to find one command; also called when another one is to be found. */
  probe(): Promise<void>;
  /** Take as usual. */
  resume(): Promise<void>;
}

export type LaneState = 'open' | 'paused' | 'probing';

/**
 * Whether commands may be taken. After a pause one command is sent ahead, the probe; the others follow once it has shown
 * that its provider is back. A probe that shows nothing (nobody wanted it any more) is followed by another one.
 */
export class LanePause {
  readonly #effects: PauseEffects;
  readonly #over = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #state: LaneState = 'open';
  #until = 0;
  #probe: Delivery | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(effects: PauseEffects) {
    this.#effects = effects;
  }

  get state(): LaneState {
    return this.#state;
  }

  /** Whether a command may be taken now; if so, `took` has to be told which. */
  get admits(): boolean {
    return this.#state === 'open' || (this.#state === 'probing' && this.#probe === undefined);
  }

  took(delivery: Delivery): void {
    if (this.#state === 'probing') this.#probe = delivery;
  }

  /** Resolves when commands may be taken, or at the end. Never rejects. */
  async admitted(): Promise<void> {
    while (!this.admits && !this.#over.signal.aborted) await new Promise<void>((wake) => this.#waiting.push(wake));
  }

  /** Pauses, or makes a pause longer: `ms` from now at least. */
  for(ms: number): void {
    this.#until = Math.max(this.#until, Date.now() + Math.max(ms, SHORTEST_MS));
    if (this.#state === 'paused') return;
    this.#become('paused');
    this.#then(() => this.#sitOut());
  }

  /** A command showed that its provider answers. Of no interest unless it is the probe. */
  answered(delivery: Delivery): void {
    if (this.#state !== 'probing' || this.#probe !== delivery) return;
    this.#become('open');
    this.#then(() => this.#effects.resume());
  }

  /** A command is over. If it was the probe and showed nothing, the next one is. */
  ended(delivery: Delivery): void {
    if (this.#state !== 'probing' || this.#probe !== delivery) return;
    this.#become('probing');
    this.#then(() => this.#effects.probe());
  }

  /** Ends the pause for good; resolves when no effect is running. */
  async end(): Promise<void> {
    this.#over.abort();
    this.#wake();
    await this.#running;
  }

  async #sitOut(): Promise<void> {
    const { signal } = this.#over;
    await this.#effects.halt();
    while (Date.now() < this.#until && !signal.aborted) await pause(this.#until - Date.now(), signal);
    if (signal.aborted) return;
    this.#become('probing');
    await this.#effects.probe();
  }

  #become(state: LaneState): void {
    this.#state = state;
    this.#probe = undefined;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #then(effect: () => Promise<void>): void {
    this.#running = this.#running.then(() => (this.#over.signal.aborted ? undefined : effect()));
  }
}
