import type { Backlog, Load } from '../../../shared/store/shares.ts';
import { nameOf } from './backlog.ts';

/**
 * Who may begin in this turn: a job begins while its backlog has less than its share under way and nothing of it waits
 * already. Counts what begins, so that one turn with a thousand submissions is no way around it.
 */
export class Shares {
  readonly #loads: Map<string, { begun: number; waiting: boolean }>;
  readonly #shareOf: (backlog: string) => number;

  constructor(loads: readonly Load[], shareOf: (backlog: string) => number) {
    this.#loads = new Map(loads.map((load) => [nameOf(load), { begun: load.under_way, waiting: load.waiting }]));
    this.#shareOf = shareOf;
  }

  admits(backlog: Backlog): boolean {
    const name = nameOf(backlog);
    const { begun, waiting } = this.#loads.get(name) ?? { begun: 0, waiting: false };
    const admitted = !waiting && begun < this.#shareOf(name);
    this.#loads.set(name, admitted ? { begun: begun + 1, waiting } : { begun, waiting: true });
    return admitted;
  }
}
