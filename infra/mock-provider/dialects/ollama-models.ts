import { type Asked, contextOf } from '../asked.ts';
import { CATALOGUE } from '../catalogue.ts';
import { sendJson } from '../send.ts';
import { hash } from '../words/seed.ts';

export const VERSION = '0.12.6';
const SIZE = 274_302_450;
const MODIFIED = '2025-01-01T00:00:00Z';
const LOADED_FOR_MS = 5 * 60_000;

const DETAILS = {
  parent_model: '',
  format: 'gguf',
  family: 'mock',
  families: ['mock'],
  parameter_size: '1M',
  quantization_level: 'F32',
} as const;

const tagged = (model: string): string => (model.includes(':') ? model : `${model}:latest`);

const digest = (model: string): string => hash(model).toString(16).padStart(8, '0').repeat(8);

const card = (model: string) => ({
  name: tagged(model),
  model: tagged(model),
  size: SIZE,
  digest: digest(model),
  details: DETAILS,
});

/** GET /api/version */
export const version = (asked: Asked): Promise<void> => sendJson(asked, { version: VERSION });

/** GET /api/tags: examples, since any name that says something is a model. */
export const tags = (asked: Asked): Promise<void> =>
  sendJson(asked, { models: CATALOGUE.map((model) => ({ ...card(model), modified_at: MODIFIED })) });

/** GET /api/ps: what has been asked for since the counters began. */
export const ps = (asked: Asked): Promise<void> => {
  const expires_at = new Date(Date.now() + LOADED_FOR_MS).toISOString();
  const loaded = Object.keys(asked.counters.read().requests_by_model);
  const models = loaded.map((model) => ({
    ...card(model),
    expires_at,
    size_vram: 0,
    context_length: contextOf(model),
  }));
  return sendJson(asked, { models });
};

/** POST /api/show */
export const show = (asked: Asked): Promise<void> =>
  sendJson(asked, {
    modelfile: `FROM ${asked.model}\n`,
    parameters: '',
    template: '{{ .Prompt }}',
    details: DETAILS,
    model_info: {
      'general.architecture': 'mock',
      'mock.context_length': contextOf(asked.model),
      'mock.embedding_length': asked.behaviour.dimensions,
    },
    capabilities: ['completion', 'embedding'],
    modified_at: MODIFIED,
  });
