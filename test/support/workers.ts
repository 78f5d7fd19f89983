import pino, { type Logger } from 'pino';
import { embedTexts } from '../../services/embedder/embed-texts.ts';
import { chooseEmbeddingModel } from '../../services/embedder/models/choose.ts';
import { embedderSlots } from '../../services/embedder/slots.ts';
import { generateAnswer } from '../../services/generator/generate-answer.ts';
import { chooseLanguageModels } from '../../services/generator/models/choose.ts';
import type { Bus, Serving } from '../../shared/bus/bus.ts';
import { parseConfig } from '../../shared/config/config.ts';

const PLACES = { AMQP_URL: 'amqp://unused', API_KEYS: 'test:test-key-0001' };

/** A worker in this process, wired as its main wires it; closing it also closes its models. */
export interface TestWorker extends Serving {
  readonly models: readonly { breakers?(): Readonly<Record<string, string>> }[];
}

interface WorkerOptions {
  readonly pool?: string;
  readonly log?: Logger;
  readonly drainMs?: number;
}

/** A generator with the settings given as environment variables. */
export async function generator(
  bus: Bus,
  env: NodeJS.ProcessEnv,
  { pool = 'default', log = pino({ level: 'silent' }), ...more }: WorkerOptions = {},
): Promise<TestWorker> {
  const config = parseConfig('generator', { ...PLACES, ...env });
  const models = chooseLanguageModels(config, log);
  const handlers = [generateAnswer(models)];
  const serving = await bus.serve({
    service: 'generator',
    pool,
    concurrency: config.generateConcurrency.all,
    handlers,
    ...more,
  });
  const close = async () => {
    await serving.close();
    for (const model of models) model.close();
  };
  return { busy: () => serving.busy(), close, models };
}

/** An embedder with the settings given as environment variables. */
export async function embedder(
  bus: Bus,
  env: NodeJS.ProcessEnv,
  { pool = 'default', log = pino({ level: 'silent' }), ...more }: WorkerOptions = {},
): Promise<TestWorker> {
  const config = parseConfig('embedder', { ...PLACES, ...env });
  const model = chooseEmbeddingModel(config, log);
  const handlers = [embedTexts(model, { calls: config.embedConcurrency.all })];
  const serving = await bus.serve({
    service: 'embedder',
    pool,
    ...embedderSlots(config.embedConcurrency.all),
    handlers,
    ...more,
  });
  const close = async () => {
    await serving.close();
    await model.close();
  };
  return { busy: () => serving.busy(), close, models: [model] };
}

/** A log whose lines a test can read. */
export function keptLog(): { readonly log: Logger; readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { log, lines };
}
