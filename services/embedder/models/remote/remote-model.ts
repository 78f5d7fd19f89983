import type { Logger } from 'pino';
import { estimateTokens } from '../../../../shared/estimate-tokens.ts';
import type { EmbeddingProfile } from '../../../../shared/profiles/embedding-profile.ts';
import type { BreakerOptions } from '../../../../shared/resilience/breaker.ts';
import { type Call, openCall, probeLimits } from '../../../../shared/resilience/call.ts';
import { failure } from '../../../../shared/resilience/failure.ts';
import { createGates, type Gates } from '../../../../shared/resilience/gates.ts';
import { Turns } from '../../../../shared/turns.ts';
import type { Embedded, EmbeddingModel, EmbedOptions } from '../model.ts';
import { isTooMany } from './batch-limit.ts';
import type { EmbeddingClient } from './embedding-client.ts';
import { readVectors } from './read-vectors.ts';

export interface RemoteEmbeddingOptions {
  readonly client: EmbeddingClient;
  readonly profile: EmbeddingProfile;
  /** Longest silence before and within an answer. */
  readonly idleMs: number;
  /** Calls that may be under way at once; further ones wait, queries before documents. */
  readonly calls?: number | undefined;
  readonly log: Logger;
  readonly breaker?: Omit<BreakerOptions, 'name' | 'onState'>;
}

const WARM_UP = ['warm-up'];

/** Vectors of a model behind a server: limits on time, checks, prefixes and breakers are the same for all kinds. */
export class RemoteEmbeddingModel implements EmbeddingModel {
  readonly provider: string;
  readonly name: string;
  readonly maxTokens: number;
  readonly #options: RemoteEmbeddingOptions;
  readonly #gates: Gates;
  readonly #turns: Turns;
  #dimensions: number | undefined;
  #mostTexts: number;

  constructor(options: RemoteEmbeddingOptions) {
    const { client, profile, calls = Infinity, log, breaker } = options;
    this.provider = client.provider;
    this.name = profile.model;
    this.maxTokens = profile.maxTokens;
    this.#options = options;
    this.#turns = new Turns(calls);
    this.#dimensions = profile.dimensions;
    this.#mostTexts = client.mostTexts;
    this.#gates = createGates({
      provider: client.provider,
      log,
      probe: (_, signal) => this.#probe(signal),
      ...(breaker !== undefined && { breaker }),
    });
  }

  get dimensions(): number {
    return this.#dimensions ?? 0;
  }

  async embed(texts: readonly string[], { role, signal }: EmbedOptions): Promise<Embedded> {
    const { profile } = this.#options;
    const prefix = role === 'query' ? profile.queryPrefix : profile.documentPrefix;
    const prefixed = prefix === '' ? texts : texts.map((text) => prefix + text);
    const vectors: Float32Array[] = [];
    let tokens = 0;
    let estimated = false;
    while (vectors.length < texts.length) {
      signal.throwIfAborted();
      const part = prefixed.slice(vectors.length, vectors.length + this.#mostTexts);
      const answer = await this.#fitting(part, { role, signal });
      vectors.push(...answer.vectors);
      tokens += answer.tokens;
      estimated ||= answer.estimated === true;
    }
    return { vectors, tokens, provider: this.provider, ...(estimated && { estimated }) };
  }

  warmUp(): Promise<void> {
    return this.#gates.of(this.name).probe(new AbortController().signal);
  }

  breakers() {
    return this.#gates.states();
  }

  async close(): Promise<void> {
    this.#gates.close();
  }

  /** The vectors of as many of these texts as the server takes at once; it is asked for fewer when it says that they are too many. */
  async #fitting(texts: readonly string[], options: EmbedOptions): Promise<Embedded> {
    const { role, signal } = options;
    try {
      return await this.#turns.take(() => this.#asked(texts, signal), signal, role === 'query');
    } catch (error) {
      if (texts.length === 1 || !isTooMany(error)) throw error;
      this.#mostTexts = Math.min(this.#mostTexts, Math.ceil(texts.length / 2));
      return await this.#fitting(texts.slice(0, this.#mostTexts), options);
    }
  }

  #asked(texts: readonly string[], signal: AbortSignal): Promise<Embedded> {
    return this.#gates.of(this.name).run(() => this.#ask(texts, signal, this.#options.idleMs), signal);
  }

  async #ask(texts: readonly string[], signal: AbortSignal, firstByteMs: number): Promise<Embedded> {
    const { idleMs } = this.#options;
    const call = openCall({ provider: this.provider, signal, firstByteMs, idleMs });
    try {
      return await this.#read(texts, call);
    } catch (error) {
      throw failure(this.provider, error, call.signal);
    } finally {
      call.end();
    }
  }

  async #read(texts: readonly string[], call: Call): Promise<Embedded> {
    const { client, profile } = this.#options;
    const { vectors: given, tokens } = await client.request(texts, call);
    const { provider } = this;
    const { normalise } = profile;
    const vectors = readVectors(given, { provider, count: texts.length, dimensions: this.#dimensions, normalise });
    this.#dimensions ??= vectors[0]?.length;
    if (tokens !== undefined) return { vectors, tokens };
    return { vectors, tokens: estimateTokens(texts), estimated: true };
  }

  async #probe(signal: AbortSignal): Promise<void> {
    await this.#ask(WARM_UP, signal, probeLimits(this.#options.idleMs).firstByteMs);
  }
}
