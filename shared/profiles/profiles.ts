/** What is special about a model; the rest is as for any. */
interface KnownModel {
  readonly model: string;
  readonly dimensions: number;
  readonly names?: Readonly<Partial<Record<'local' | 'ollama' | 'huggingface' | 'openai', string>>>;
  /** Other names of the very same model. */
  readonly aliases?: readonly string[];
  readonly queryPrefix?: string;
  readonly documentPrefix?: string;
  readonly hybridWeight?: number;
  readonly maxTokens?: number;
}

const BGE_QUERY = 'Represent this sentence for searching relevant passages: ';

const bge = (size: string, dimensions: number): KnownModel => ({
  model: `bge-${size}-en-v1.5`,
  names: { huggingface: `BAAI/bge-${size}-en-v1.5` },
  dimensions,
  queryPrefix: BGE_QUERY,
});

const e5 = (model: string, dimensions: number): KnownModel => ({
  model,
  names: { huggingface: `intfloat/${model}` },
  dimensions,
  queryPrefix: 'query: ',
  documentPrefix: 'passage: ',
});

/**
 * Models whose cards say how they want to be used. The hybrid weight of MiniLM is measured; stronger models are given
 * more weight against words, which is an estimate.
 */
export const PROFILES: readonly KnownModel[] = [
  {
    model: 'all-MiniLM-L6-v2',
    names: { ollama: 'all-minilm', huggingface: 'sentence-transformers/all-MiniLM-L6-v2' },
    aliases: ['all-minilm:22m', 'all-minilm:l6-v2'],
    dimensions: 384,
    hybridWeight: 0.8,
    maxTokens: 256,
  },
  {
    model: 'nomic-embed-text-v1.5',
    names: { ollama: 'nomic-embed-text', huggingface: 'nomic-ai/nomic-embed-text-v1.5' },
    aliases: ['nomic-embed-text:v1.5'],
    dimensions: 768,
    queryPrefix: 'search_query: ',
    documentPrefix: 'search_document: ',
    maxTokens: 2048,
  },
  bge('small', 384),
  bge('base', 768),
  { ...bge('large', 1024), hybridWeight: 0.85 },
  {
    model: 'mxbai-embed-large-v1',
    names: { ollama: 'mxbai-embed-large', huggingface: 'mixedbread-ai/mxbai-embed-large-v1' },
    dimensions: 1024,
    queryPrefix: BGE_QUERY,
    hybridWeight: 0.85,
  },
  e5('e5-small-v2', 384),
  e5('e5-base-v2', 768),
  e5('e5-large-v2', 1024),
  e5('multilingual-e5-small', 384),
  e5('multilingual-e5-base', 768),
  e5('multilingual-e5-large', 1024),
  { model: 'text-embedding-3-small', dimensions: 1536, hybridWeight: 0.85, maxTokens: 8191 },
  { model: 'text-embedding-3-large', dimensions: 3072, hybridWeight: 0.85, maxTokens: 8191 },
];
