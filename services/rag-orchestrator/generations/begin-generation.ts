import { TerminalError } from '../../../shared/bus/errors.ts';
import { type Handler, on } from '../../../shared/bus/handler.ts';
import { BeginGeneration, GenerationBegun } from '../../../shared/messages/reembedding.ts';
import { embeddingProfile } from '../../../shared/profiles/embedding-profile.ts';
import type { Database } from '../../../shared/store/database.ts';
import { CollectionNotFound, ModelUnchanged, ReembedUnderWay } from '../../../shared/store/errors.ts';
import { beginGeneration } from '../../../shared/store/generations.ts';
import { countLacking } from '../../../shared/store/rebuild.ts';

/** Begins a job's generation of vectors. A second run finds what the first began. */
export const beginGenerationHandler = (db: Database): Handler =>
  on(BeginGeneration, async ({ owner, collection, model: name }, { command: { job } }) => {
    const { model, hybridWeight: hybrid_weight } = embeddingProfile(name);
    const { id } = await beginGeneration(db, { owner, collection, embedding_model: model, hybrid_weight, job }).catch(
      refuse,
    );
    return { event: GenerationBegun({ generation: id, model, lacking: await countLacking(db, id) }) };
  });

function refuse(error: unknown): never {
  if (error instanceof CollectionNotFound)
    throw new TerminalError('collection_not_found', error.message, { cause: error });
  if (error instanceof ModelUnchanged || error instanceof ReembedUnderWay) {
    throw new TerminalError('validation', error.message, { cause: error });
  }
  throw error;
}
