import type { Call } from '../../../../shared/resilience/call.ts';

/** What a server gave for a batch of texts, unchecked. */
export interface RawEmbedding {
  readonly vectors: readonly unknown[];
  /** As the server counted them; undefined when it does not say. */
  readonly tokens?: number | undefined;
}

/** How one kind of server is asked for vectors: one request a call. What it throws is classified by who calls. */
export interface EmbeddingClient {
  readonly provider: string;
  /** Texts in one request, at most. */
  readonly mostTexts: number;
  request(texts: readonly string[], call: Call): Promise<RawEmbedding>;
}
