import { embeddingProfile } from '../profiles/embedding-profile.ts';

/** Size of a passage in word pieces: with its headings it must fit the 256 that MiniLM reads. */
const CHUNK_SIZE = 240;
const CHUNK_OVERLAP = 0;

/** What a collection is like when nobody says otherwise. It remembers the model of its vectors, and how much to trust them. */
export function collectionDefaults({ embeddingModel }: { embeddingModel: string }) {
  const { model, hybridWeight } = embeddingProfile(embeddingModel);
  return {
    embedding_model: model,
    chunk_size: CHUNK_SIZE,
    chunk_overlap: CHUNK_OVERLAP,
    hybrid_weight: hybridWeight,
  };
}
