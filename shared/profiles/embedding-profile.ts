import { PROFILES } from './profiles.ts';

/** Providers that give a model another name than its own. */
export type NamingProvider = 'local' | 'ollama' | 'huggingface' | 'openai';

/** How a model turns texts into vectors. Vectors of different profiles must never be compared. */
export interface EmbeddingProfile {
  /** The name under which collections remember it. */
  readonly model: string;
  /** Its name at a provider, where that is another. */
  readonly names: Readonly<Partial<Record<NamingProvider, string>>>;
  /** undefined: known after the first answer. */
  readonly dimensions: number | undefined;
  /** Goes before each query, and before each document. */
  readonly queryPrefix: string;
  readonly documentPrefix: string;
  /** Whether vectors are scaled to length 1. */
  readonly normalise: boolean;
  /** Weight of meaning against words in a hybrid search, 0 to 1. */
  readonly hybridWeight: number;
  /** What of a text lies beyond these tokens is not read. */
  readonly maxTokens: number;
}

/** The model that the local embedder brings along. */
export const LOCAL_MODEL = 'all-MiniLM-L6-v2';

const DEFAULT: Omit<EmbeddingProfile, 'model'> = {
  names: {},
  dimensions: undefined,
  queryPrefix: '',
  documentPrefix: '',
  normalise: true,
  hybridWeight: 0.8,
  maxTokens: 512,
};

/** Upper and lower case, the tag `latest` and the publisher do not make it another model. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/:latest$/, '')
    .replace(/^.*\//, '');

/** The profile of a model, by any of its names; of an unknown one, that nothing is special about it. */
export function embeddingProfile(name: string): EmbeddingProfile {
  const wanted = plain(name);
  const found = PROFILES.find(({ model, names = {}, aliases = [] }) =>
    [model, ...Object.values(names), ...aliases].some((each) => plain(each) === wanted),
  );
  if (found === undefined) return { ...DEFAULT, model: name };
  const { aliases: _, ...profile } = found;
  return { ...DEFAULT, ...profile };
}

/**
 * The model's name at a provider: the provider's own name for it; what the setting says where the profile knows none,
 * or where the setting is only another spelling of that name.
 */
export function nameAt({ names, model }: EmbeddingProfile, provider: NamingProvider, given: string): string {
  const known = names[provider];
  if (known === undefined) return given;
  return given !== model && plain(given).replace(/:.*$/, '') === plain(known) ? given : known;
}
