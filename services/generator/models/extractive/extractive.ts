import { EXTRACTIVE } from '../../../../shared/messages/answering.ts';
import { NOT_FOUND } from '../../not-found.ts';
import type { GenerationRequest, LanguageModel, Piece } from '../model.ts';
import { quotes } from './answer.ts';

const NO_PASSAGES =
  'No language model is configured: set GENERATOR=ollama and GENERATION_MODEL to write texts; the extractive generator only quotes passages.';

async function* write(
  { question = '', standalone = question, passages = [], background }: GenerationRequest,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const begun = performance.now();
  const found = quotes(standalone, passages, background);
  if (found.length === 0) yield { text: NOT_FOUND, cites: [] };
  for (const [index, { n, text }] of found.entries()) {
    signal.throwIfAborted();
    // The space goes with the sentence before it, so that each reaches the reader whole.
    yield { text: `${text} [${n}]${index === found.length - 1 ? '' : ' '}`, cites: [n] };
  }
  const provider_ms = Math.round(performance.now() - begun);
  yield { finish: { finish_reason: 'stop', model: EXTRACTIVE, usage: { provider_ms } } };
}

/**
 * Answers without a language model: the best sentences of the passages, quoted to the letter, each with its citation.
 * It says so in `provider` and `model`, and never makes anything up.
 */
export const extractiveModel = (): LanguageModel => ({
  provider: EXTRACTIVE,
  model: EXTRACTIVE,
  serves: (model) => model === EXTRACTIVE,
  refuses: ({ question, passages }) => (question === undefined || passages === undefined ? NO_PASSAGES : undefined),
  contextTokens: async () => undefined,
  generate: (request, { signal }) => write(request, signal),
  warmUp: async () => {},
  breakers: () => ({}),
  close: () => {},
});
