import { TerminalError } from '../../shared/bus/errors.ts';
import { type Handler, on } from '../../shared/bus/handler.ts';
import { EmbedTexts, TextsEmbedded } from '../../shared/messages/embedding.ts';
import { embeddingProfile } from '../../shared/profiles/embedding-profile.ts';
import { Gather, type GatherOptions } from './gather.ts';
import type { EmbeddingModel } from './models/model.ts';
import { packVector } from './pack-vector.ts';

/**
 * Turns batches of texts into vectors; batches that are here at the same time share calls of the model. It knows no job
 * and no database, so it may run twice.
 */
export function embedTexts(model: EmbeddingModel, options?: GatherOptions): Handler {
  const gather = new Gather(model, options);
  return on(EmbedTexts, async ({ batch, role, model: wanted, texts, partial = false }, { command, signal }) => {
    if (wanted !== undefined && embeddingProfile(wanted).model !== model.name) {
      throw new TerminalError('model_not_found', `the embedder has no model "${wanted}", it has "${model.name}"`);
    }
    const { priority, attempt } = command;
    const gathered = await gather.embed({ texts, role, priority, alone: attempt > 1, partial, signal });
    const { vectors, failures, tokens, estimated, ms, provider = model.provider } = gathered;
    return {
      event: TextsEmbedded({
        batch,
        model: model.name,
        dimensions: model.dimensions,
        vectors: vectors.map((vector) => (vector === null ? null : packVector(vector))),
        ...(failures.length > 0 && {
          failures: failures.map(({ index, error }) => ({ index, message: error.message })),
        }),
        provider,
        provider_ms: ms,
        prompt_tokens: tokens,
        ...(estimated === true && { estimated }),
      }),
    };
  });
}
