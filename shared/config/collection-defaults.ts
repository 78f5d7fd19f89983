/** Size of a passage in word pieces: with its headings it must fit the 256 that MiniLM reads. */
const CHUNK_SIZE = 160;
const CHUNK_OVERLAP = 0;

/** What a collection is like when nobody says otherwise. */
export const collectionDefaults = ({ embeddingModel }: { embeddingModel: string }) => ({
  embedding_model: embeddingModel,
  chunk_size: CHUNK_SIZE,
  chunk_overlap: CHUNK_OVERLAP,
});
