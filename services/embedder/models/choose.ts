import type { Logger } from 'pino';
import { type Config, ConfigError } from '../../../shared/config/config.ts';
import { type EmbeddingProfile, embeddingProfile, nameAt } from '../../../shared/profiles/embedding-profile.ts';
import { OPENAI_URL } from '../../../shared/resilience/endpoint.ts';
import { EmbeddingChain, ProfileMismatch } from './chain.ts';
import { LocalModel } from './local/local-model.ts';
import { missingIn } from './local/model-folder.ts';
import type { EmbeddingModel } from './model.ts';
import type { EmbeddingClient } from './remote/embedding-client.ts';
import { HuggingFaceEmbedding } from './remote/huggingface.ts';
import { OllamaEmbedding } from './remote/ollama.ts';
import { OpenAiEmbedding } from './remote/openai.ts';
import { RemoteEmbeddingModel } from './remote/remote-model.ts';

export type EmbeddingSettings = Pick<
  Config,
  | 'embedder'
  | 'embeddingModel'
  | 'embeddingUrl'
  | 'dataDir'
  | 'localModelDir'
  | 'ollamaHost'
  | 'hfToken'
  | 'hfEndpointUrl'
  | 'openaiBaseUrl'
  | 'openaiApiKey'
  | 'providerIdleMs'
  | 'embedConcurrency'
>;

function clientOf(provider: string, profile: EmbeddingProfile, settings: EmbeddingSettings): EmbeddingClient {
  const { embeddingUrl, ollamaHost, hfToken, hfEndpointUrl, openaiBaseUrl, openaiApiKey } = settings;
  switch (provider) {
    case 'ollama':
      return new OllamaEmbedding(ollamaHost, nameAt(profile, provider, settings.embeddingModel));
    case 'huggingface': {
      const endpoint = { token: hfToken, endpointUrl: embeddingUrl ?? hfEndpointUrl };
      return new HuggingFaceEmbedding(endpoint, nameAt(profile, provider, settings.embeddingModel));
    }
    case 'openai': {
      const baseUrl = embeddingUrl ?? openaiBaseUrl ?? OPENAI_URL;
      return new OpenAiEmbedding({
        baseUrl,
        apiKey: openaiApiKey,
        model: nameAt(profile, provider, settings.embeddingModel),
      });
    }
    default:
      throw new ConfigError(`EMBEDDER: there is no provider "${provider}"`);
  }
}

function localModel(profile: EmbeddingProfile, { dataDir, localModelDir: folder }: EmbeddingSettings): LocalModel {
  if (folder === undefined) return new LocalModel(dataDir);
  const missing = missingIn(folder);
  if (missing.length > 0) throw new ConfigError(`LOCAL_MODEL_DIR: ${folder} lacks ${missing.join(' and ')}`);
  return new LocalModel(dataDir, { folder, profile });
}

function modelOf(provider: string, settings: EmbeddingSettings, log: Logger): EmbeddingModel {
  const profile = embeddingProfile(settings.embeddingModel);
  if (provider === 'local') return localModel(profile, settings);
  const client = clientOf(provider, profile, settings);
  const { providerIdleMs: idleMs, embedConcurrency } = settings;
  return new RemoteEmbeddingModel({ client, profile, idleMs, calls: embedConcurrency.of[provider], log });
}

/** The embedding model that the settings ask for. @throws {ConfigError} when there is none like it, or several that differ */
export function chooseEmbeddingModel(settings: EmbeddingSettings, log: Logger): EmbeddingChain {
  const [first, ...rest] = settings.embedder.map((provider) => modelOf(provider, settings, log));
  if (first === undefined) throw new ConfigError('EMBEDDER: name a provider');
  try {
    return new EmbeddingChain([first, ...rest], log);
  } catch (error) {
    throw error instanceof ProfileMismatch ? new ConfigError(error.message) : error;
  }
}
