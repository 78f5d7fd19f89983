import type { Logger } from 'pino';
import { OutageError, TerminalError } from '../../../shared/bus/errors.ts';
import { isForAnyRequest } from '../../../shared/resilience/refusal.ts';
import type { GenerationRequest, LanguageModel } from './model.ts';

const NOTHING_CONFIGURED =
  'No language model is configured: set GENERATOR=ollama and GENERATION_MODEL to write texts, e.g. GENERATOR=ollama,extractive.';

/**
 * The models that may write this, in the order in which they are tried. The first is the one that was asked for; every
 * other one is a fallback.
 * @throws {TerminalError} when none can
 */
export function candidates(chain: readonly LanguageModel[], request: GenerationRequest): readonly LanguageModel[] {
  const able = chain.filter((model) => model.refuses(request) === undefined);
  if (able.length === 0) {
    const refusals = chain.flatMap((model) => model.refuses(request) ?? []);
    throw new TerminalError('model_not_found', refusals.join(' ') || NOTHING_CONFIGURED);
  }
  const wanted = request.model;
  if (wanted === undefined) return able;
  const exact = able.findIndex((model) => model.model === wanted);
  const first = exact >= 0 ? exact : able.findIndex((model) => model.serves(wanted));
  if (first >= 0) return able.slice(first);
  throw new TerminalError('model_not_found', `no provider here has a model "${wanted}"`);
}

/**
 * Has the models try one after the other while those before are out. One that has no such model, or no right key, is no
 * help then, and no reason to give up either.
 * @throws {OutageError} the one of the model that is back first, when none is left
 */
export async function withFirst<T>(
  able: readonly LanguageModel[],
  log: Logger,
  run: (model: LanguageModel) => Promise<T>,
): Promise<T> {
  let soonest: OutageError | undefined;
  for (const model of able) {
    try {
      return await run(model);
    } catch (error) {
      if (soonest !== undefined && isForAnyRequest(error)) {
        log.warn({ provider: model.provider, why: error.message }, 'the fallback refuses everything');
        continue;
      }
      if (!(error instanceof OutageError)) throw error;
      log.warn({ provider: error.provider, afterMs: error.afterMs, why: error.message }, 'provider is out');
      if (soonest === undefined || error.afterMs < soonest.afterMs) soonest = error;
    }
  }
  throw soonest ?? new Error('a chain of no models');
}
