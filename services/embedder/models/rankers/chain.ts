import type { Logger } from 'pino';
import { OutageError } from '../../../../shared/bus/errors.ts';
import type { Ranked, Ranker, RankOptions } from './ranker.ts';

/** Rankers one after the other: the next one answers while those before are out. Their models may differ. */
export class RankerChain implements Ranker {
  readonly provider: string;
  readonly model: string;
  readonly #chain: readonly [Ranker, ...Ranker[]];
  readonly #log: Logger;

  constructor(chain: readonly [Ranker, ...Ranker[]], log: Logger) {
    this.provider = chain[0].provider;
    this.model = chain[0].model;
    this.#chain = chain;
    this.#log = log;
  }

  async rank(question: string, texts: readonly string[], options: RankOptions): Promise<Ranked> {
    let soonest: OutageError | undefined;
    for (const ranker of this.#chain) {
      try {
        return await ranker.rank(question, texts, options);
      } catch (error) {
        if (!(error instanceof OutageError)) throw error;
        this.#log.warn({ provider: error.provider, afterMs: error.afterMs, why: error.message }, 'provider is out');
        if (soonest === undefined || error.afterMs < soonest.afterMs) soonest = error;
      }
    }
    throw soonest ?? new Error('a chain of no rankers');
  }

  async warmUp(): Promise<void> {
    await Promise.all(this.#chain.map((ranker) => ranker.warmUp()));
  }

  breakers() {
    return Object.assign({}, ...this.#chain.map((ranker) => ranker.breakers()));
  }

  close(): void {
    for (const ranker of this.#chain) ranker.close();
  }
}
