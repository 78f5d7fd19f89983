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
}

/** Turns texts into vectors. All calls may run at once. */
export interface EmbeddingModel {
  /** Who runs the model, e.g. `local`. */
  readonly provider: string;
  readonly name: string;
  readonly dimensions: number;
  /** What of a text lies beyond these tokens is not read. */
  readonly maxTokens: number;
  /** @throws {TerminalError} when one of the texts can never be embedded, {RetryableError} when another try may do */
  embed(texts: readonly string[], options: EmbedOptions): Promise<Embedded>;
  /** Loads the model and has it answer once. Concurrent and later calls share the first. */
  warmUp(): Promise<void>;
  /** Releases the model; what is under way is rejected. Idempotent. */
  close(): Promise<void>;
}
