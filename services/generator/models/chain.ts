import { TerminalError } from '../../../shared/bus/errors.ts';
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
