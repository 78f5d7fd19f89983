import type { BreakerState } from '../../../shared/resilience/breaker.ts';

/** What a text is for; some models prefix queries and documents differently. */
export type Role = 'query' | 'document';

export interface EmbedOptions {
  readonly role: Role;
  /** Aborted: nobody wants the vectors any more; `embed` rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

export interface Embedded {
  /** One unit vector a text, in the order of the texts. */
  readonly vectors: readonly Float32Array[];
  /** Tokens that the model read, after truncation. */
  readonly tokens: number;
  /** The tokens are estimated: the provider does not count them. */
  readonly estimated?: boolean;
  /** Who answered, where a chain has several. */
  readonly provider?: string;
}

/** Turns texts into vectors. All calls may run at once. */
export interface EmbeddingModel {
  /** Who runs the model, e.g. `local`. */
  readonly provider: string;
  readonly name: string;
  /** 0 until the first answer when nobody knows it before. */
  readonly dimensions: number;
  /** What of a text lies beyond these tokens is not read. */
  readonly maxTokens: number;
  /**
   * @throws {TerminalError} when one of the texts can never be embedded, {RetryableError} when another try may do,
   * {OutageError} when the provider is out, whatever the texts
   */
  embed(texts: readonly string[], options: EmbedOptions): Promise<Embedded>;
  /** Loads the model and has it answer once. Concurrent and later calls share the first. */
  warmUp(): Promise<void>;
  /** By provider and model; none for what cannot be out. */
  breakers?(): Readonly<Record<string, BreakerState>>;
  /** Releases the model; what is under way is rejected. Idempotent. */
  close(): Promise<void>;
}
