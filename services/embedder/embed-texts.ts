import { TerminalError } from '../../shared/bus/errors.ts';
import { type Handler, on } from '../../shared/bus/handler.ts';
import { EmbedTexts, TextsEmbedded } from '../../shared/messages/embedding.ts';
import { embedPartially, type PartlyEmbedded } from './embed-partially.ts';
import type { EmbeddingModel, EmbedOptions } from './models/model.ts';
import { packVector } from './pack-vector.ts';

const embedAll = async (
  model: EmbeddingModel,
  texts: readonly string[],
  options: EmbedOptions,
): Promise<PartlyEmbedded> => ({
  ...(await model.embed(texts, options)),
  failures: [],
});

/** Turns a batch of texts into vectors. It knows no job and no database, so it may run twice. */
export const embedTexts = (model: EmbeddingModel): Handler =>
  on(EmbedTexts, async ({ batch, role, model: wanted, texts, partial }, { signal }) => {
    if (wanted !== undefined && wanted !== model.name) {
      throw new TerminalError('model_not_found', `the embedder has no model "${wanted}", it has "${model.name}"`);
    }
    const begun = performance.now();
    const embed = partial === true ? embedPartially : embedAll;
    const { vectors, failures, tokens } = await embed(model, texts, { role, signal });
    return {
      event: TextsEmbedded({
        batch,
        model: model.name,
        dimensions: model.dimensions,
        vectors: vectors.map((vector) => (vector === null ? null : packVector(vector))),
        ...(failures.length > 0 && { failures: [...failures] }),
        provider: model.provider,
        provider_ms: Math.round(performance.now() - begun),
        prompt_tokens: tokens,
      }),
    };
  });
