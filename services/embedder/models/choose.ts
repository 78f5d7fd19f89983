import type { Config } from '../../../shared/config/config.ts';
import { ConfigError } from '../../../shared/config/config.ts';
import { LocalModel } from './local/local-model.ts';
import type { EmbeddingModel } from './model.ts';

type Settings = Pick<Config, 'embedder' | 'embeddingModel' | 'dataDir'>;

/** The embedding model that the settings ask for. @throws {ConfigError} when there is none like it */
export function chooseEmbeddingModel({ embedder, embeddingModel, dataDir }: Settings): EmbeddingModel {
  const unknown = embedder.find((provider) => provider !== 'local');
  if (unknown !== undefined) throw new ConfigError(`EMBEDDER: there is no provider "${unknown}", only "local"`);
  const model = new LocalModel(dataDir);
  if (embeddingModel !== model.name) {
    throw new ConfigError(`EMBEDDING_MODEL: the local provider has no model "${embeddingModel}", only "${model.name}"`);
  }
  return model;
}
