import type { Logger } from 'pino';
import { OutageError } from '../../../shared/bus/errors.ts';
import { isForAnyRequest } from '../../../shared/resilience/refusal.ts';
import { warmUpChain } from '../../../shared/resilience/warm-up.ts';
import type { Embedded, EmbeddingModel, EmbedOptions } from './model.ts';

/** Two providers give vectors of different models, which must never be compared. */
export class ProfileMismatch extends Error {
  override readonly name = 'ProfileMismatch';
}

/** One model at several providers: the next one answers while those before are out. */
export class EmbeddingChain implements EmbeddingModel {
  readonly provider: string;
  readonly name: string;
  readonly maxTokens: number;
  readonly #chain: readonly [EmbeddingModel, ...EmbeddingModel[]];
  readonly #log: Logger;

  /** @throws {ProfileMismatch} when they do not all have the same model */
  constructor(chain: readonly [EmbeddingModel, ...EmbeddingModel[]], log: Logger) {
    const [first] = chain;
    this.provider = first.provider;
    this.name = first.name;
    this.maxTokens = Math.min(...chain.map(({ maxTokens }) => maxTokens));
    this.#chain = chain;
    this.#log = log;
    this.#mustAgree();
  }

  get dimensions(): number {
    return this.#chain.find(({ dimensions }) => dimensions > 0)?.dimensions ?? 0;
  }

  /** @throws {OutageError} when all providers are out, or those that are not cannot stand in for the others */
  async embed(texts: readonly string[], options: EmbedOptions): Promise<Embedded> {
    let soonest: OutageError | undefined;
    for (const model of this.#chain) {
      try {
        const embedded = await model.embed(texts, options);
        this.#mustAgree();
        return { provider: model.provider, ...embedded };
      } catch (error) {
        if (soonest !== undefined && isForAnyRequest(error)) {
          this.#log.warn({ provider: model.provider, why: error.message }, 'the fallback refuses everything');
          continue;
        }
        if (!(error instanceof OutageError)) throw error;
        this.#log.warn({ provider: error.provider, afterMs: error.afterMs, why: error.message }, 'provider is out');
        if (soonest === undefined || error.afterMs < soonest.afterMs) soonest = error;
      }
    }
    throw soonest ?? new Error('a chain of no models');
  }

  /** @throws {ProfileMismatch} when their first answers show that they are not the same model */
  async warmUp(): Promise<void> {
    await warmUpChain(this.#chain, this.#log);
    this.#mustAgree();
  }

  breakers() {
    return Object.assign({}, ...this.#chain.map((model) => model.breakers?.() ?? {}));
  }

  async close(): Promise<void> {
    await Promise.all(this.#chain.map((model) => model.close()));
  }

  #mustAgree(): void {
    const known = this.#chain.filter(({ dimensions }) => dimensions > 0);
    const other =
      this.#chain.find(({ name }) => name !== this.name) ??
      known.find(({ dimensions }) => dimensions !== this.dimensions);
    if (other === undefined) return;
    const shown = [this.#chain[0], other].map(
      ({ provider, name, dimensions }) => `${provider}: ${name} (${dimensions || '?'} dimensions)`,
    );
    throw new ProfileMismatch(`EMBEDDER: all providers of a chain must have the same model, but ${shown.join(', ')}`);
  }
}
