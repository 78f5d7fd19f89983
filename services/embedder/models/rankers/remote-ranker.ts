import type { Logger } from 'pino';
import type { BreakerOptions } from '../../../../shared/resilience/breaker.ts';
import { openCall, probeLimits } from '../../../../shared/resilience/call.ts';
import { broken, failure } from '../../../../shared/resilience/failure.ts';
import { createGates, type Gates } from '../../../../shared/resilience/gates.ts';
import type { Ranked, Ranker, RankOptions } from './ranker.ts';
import type { RankingClient, Score } from './ranking-client.ts';

export interface RemoteRankerOptions {
  readonly client: RankingClient;
  readonly model: string;
  /** Longest silence before and within an answer. */
  readonly idleMs: number;
  readonly log: Logger;
  readonly breaker?: Omit<BreakerOptions, 'name' | 'onState'>;
}

const PROBE = { question: 'warm-up', texts: ['warm-up'] };

/** Scores in the order of the texts. @throws {RetryableError} unless each text has exactly one */
function inOrder(provider: string, count: number, given: readonly Score[]): number[] {
  const scores = new Map(given.map(({ index, score }) => [index, score]));
  const ordered = Array.from({ length: count }, (_, index) => scores.get(index));
  const whole = ordered.filter((score) => score !== undefined);
  if (given.length !== count || whole.length !== count) {
    throw broken(provider, `gave ${given.length} scores for ${count} texts`);
  }
  return whole;
}

/** A ranking model behind a server. A score depends on its own text only, so long lists are sent in parts. */
export class RemoteRanker implements Ranker {
  readonly provider: string;
  readonly model: string;
  readonly #options: RemoteRankerOptions;
  readonly #gates: Gates;

  constructor(options: RemoteRankerOptions) {
    const { client, model, log, breaker } = options;
    this.provider = client.provider;
    this.model = model;
    this.#options = options;
    this.#gates = createGates({
      provider: client.provider,
      log,
      probe: (_, signal) => this.#probe(signal),
      ...(breaker !== undefined && { breaker }),
    });
  }

  async rank(question: string, texts: readonly string[], { signal }: RankOptions): Promise<Ranked> {
    const { client, idleMs } = this.#options;
    const scores: number[] = [];
    while (scores.length < texts.length) {
      signal.throwIfAborted();
      const part = texts.slice(scores.length, scores.length + client.mostTexts);
      const gate = this.#gates.of(this.model);
      scores.push(...(await gate.run(() => this.#ask(question, part, signal, idleMs), signal)));
    }
    return { scores, provider: this.provider, model: this.model };
  }

  warmUp(): Promise<void> {
    return this.#gates.of(this.model).probe(new AbortController().signal);
  }

  breakers() {
    return this.#gates.states();
  }

  close(): void {
    this.#gates.close();
  }

  async #ask(question: string, texts: readonly string[], signal: AbortSignal, firstByteMs: number): Promise<number[]> {
    const { client, idleMs } = this.#options;
    const call = openCall({ provider: this.provider, signal, firstByteMs, idleMs });
    try {
      return inOrder(this.provider, texts.length, await client.request(question, texts, call));
    } catch (error) {
      throw failure(this.provider, error, call.signal);
    } finally {
      call.end();
    }
  }

  async #probe(signal: AbortSignal): Promise<void> {
    await this.#ask(PROBE.question, PROBE.texts, signal, probeLimits(this.#options.idleMs).firstByteMs);
  }
}
