import type { Logger } from 'pino';
import { type Config, ConfigError } from '../../../shared/config/config.ts';
import { EXTRACTIVE } from '../../../shared/messages/answering.ts';
import { OPENAI_URL } from '../../../shared/resilience/endpoint.ts';
import { extractiveModel } from './extractive/extractive.ts';
import { HuggingFaceChat } from './huggingface/huggingface.ts';
import type { LanguageModel } from './model.ts';
import { OllamaChat } from './ollama/ollama.ts';
import { OpenAiChat } from './openai/openai.ts';
import type { ChatClient } from './remote/chat-client.ts';
import { RemoteModel } from './remote/remote-model.ts';

type Settings = Pick<
  Config,
  | 'generator'
  | 'generationModel'
  | 'ollamaHost'
  | 'hfToken'
  | 'hfEndpointUrl'
  | 'openaiBaseUrl'
  | 'openaiApiKey'
  | 'providerIdleMs'
  | 'generationContext'
  | 'generateConcurrency'
>;

function clientOf(provider: string, settings: Settings): ChatClient {
  const { ollamaHost, hfToken, hfEndpointUrl, openaiBaseUrl = OPENAI_URL, openaiApiKey } = settings;
  switch (provider) {
    case 'ollama':
      return new OllamaChat(ollamaHost);
    case 'huggingface':
      return new HuggingFaceChat({ token: hfToken, endpointUrl: hfEndpointUrl });
    case 'openai':
      return new OpenAiChat({ baseUrl: openaiBaseUrl, apiKey: openaiApiKey });
    default:
      throw new ConfigError(`GENERATOR: there is no provider "${provider}"`);
  }
}

function remote(provider: string, settings: Settings, log: Logger): LanguageModel {
  const { generationModel: model, generationContext: contextTokens, providerIdleMs: idleMs } = settings;
  const calls = settings.generateConcurrency.of[provider];
  if (model === undefined) throw new ConfigError(`GENERATION_MODEL: name the model that ${provider} is to use`);
  return new RemoteModel({ client: clientOf(provider, settings), model, contextTokens, idleMs, calls, log });
}

/** The models that the settings name, first to last. @throws {ConfigError} when one is unknown or lacks a setting */
export const chooseLanguageModels = (settings: Settings, log: Logger): LanguageModel[] =>
  settings.generator.map((provider) => (provider === EXTRACTIVE ? extractiveModel() : remote(provider, settings, log)));
