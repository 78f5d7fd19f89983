import type { Logger } from 'pino';
import { type Config, ConfigError } from '../../../shared/config/config.ts';
import { createBreaker } from '../../../shared/resilience/breaker.ts';
import { extractiveModel } from './extractive/extractive.ts';
import type { LanguageModel } from './model.ts';
import { OllamaModel } from './ollama/ollama.ts';

type Settings = Pick<Config, 'generator' | 'generationModel' | 'ollamaHost' | 'providerIdleMs'>;

function ollama({ generationModel, ollamaHost, providerIdleMs }: Settings, log: Logger): LanguageModel {
  if (generationModel === undefined) {
    throw new ConfigError('GENERATION_MODEL: name the model that ollama writes with, e.g. llama3.2');
  }
  const breaker = createBreaker({
    name: 'ollama',
    onState: (state) => log.warn({ provider: 'ollama', breaker: state }, `breaker is ${state}`),
  });
  return new OllamaModel({ host: ollamaHost, model: generationModel, idleMs: providerIdleMs, breaker });
}

/** The models that the settings name, first to last. @throws {ConfigError} when one is unknown or lacks a setting */
export const chooseLanguageModels = (settings: Settings, log: Logger): LanguageModel[] =>
  settings.generator.map((provider) => {
    switch (provider) {
      case 'extractive':
        return extractiveModel();
      case 'ollama':
        return ollama(settings, log);
      default:
        throw new ConfigError(`GENERATOR: there is no provider "${provider}", only "extractive" and "ollama"`);
    }
  });
