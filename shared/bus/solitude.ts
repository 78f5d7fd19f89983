import { settlesWithin } from './pause.ts';

/** How long who wants to be alone waits for the others to end: they may run for hours. */
const OTHERS_MS = 10_000;
/** How long nothing else is begun then. What ends its process does so soon. */
const ALONE_MS = 2_000;
/** A pause of the lanes is renewed so often, and so much longer than that, while the others end. */
const RENEW_MS = 500;

export interface SolitudePorts {
  /** Takes nothing from the lanes for so long, and gives back what nobody has begun. */
  pauseLanes(ms: number): void;
  /** Resolves when no command is under way. */
  idle(): Promise<void>;
}

/**
 * Lets one command be alone in its process, as far as that can be had: others go back to their lanes, and it begins when
 * those under way have ended. So what it takes down with it is nothing, or little.
 */
export class Solitude {
  readonly #ports: SolitudePorts;
  readonly #times: { readonly othersMs: number; readonly aloneMs: number };
  #taken = false;

  constructor(ports: SolitudePorts, { othersMs = OTHERS_MS, aloneMs = ALONE_MS } = {}) {
    this.#ports = ports;
    this.#times = { othersMs, aloneMs };
  }

  /** Somebody is alone, or waits for it: nothing else may begin. */
  get taken(): boolean {
    return this.#taken;
  }

  /** Settles as `work` does. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#taken = true;
    try {
      await this.#othersEnded();
      this.#ports.pauseLanes(this.#times.aloneMs);
      const running = work();
      await settlesWithin(running, this.#times.aloneMs);
      return running;
    } finally {
      this.#taken = false;
    }
  }

  async #othersEnded(): Promise<void> {
    const until = Date.now() + this.#times.othersMs;
    const idle = this.#ports.idle();
    do this.#ports.pauseLanes(2 * RENEW_MS);
    while (!(await settlesWithin(idle, Math.min(RENEW_MS, this.#times.othersMs))) && Date.now() < until);
  }
}
