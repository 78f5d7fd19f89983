import { TerminalError } from '../../shared/bus/errors.ts';
import { type Handler, on } from '../../shared/bus/handler.ts';
import { type Passage, PassagesRetrieved, RetrievePassages } from '../../shared/messages/retrieval.ts';
import { embeddingProfile } from '../../shared/profiles/embedding-profile.ts';
import { findCollection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { DimensionMismatch } from '../../shared/store/errors.ts';
import { searchPassages } from '../../shared/store/search.ts';

/** Vectors of two models lie in different spaces, even when they have as many dimensions. */
const isSameModel = (one: string, other: string): boolean =>
  embeddingProfile(one).model === embeddingProfile(other).model;

/** Room for passages in a message of 1 MiB, beside everything else that may travel with them. */
const MAX_PASSAGES_BYTES = 700_000;

/** Finds the passages nearest to a query. Reads only, so it may run twice. */
export const retrievePassages = (db: Database): Handler =>
  on(RetrievePassages, async (query) => {
    const { owner, collection: name, model } = query;
    const collection = await findCollection(db, owner, name);
    if (collection === undefined) throw new TerminalError('collection_not_found', `there is no collection "${name}"`);
    if (model !== undefined && collection.dimensions !== null && !isSameModel(collection.embedding_model, model)) {
      throw new TerminalError(
        'validation',
        `collection "${name}" was embedded with ${collection.embedding_model}, the query with ${model}; both must be the same`,
      );
    }
    return { event: PassagesRetrieved({ passages: withinMessage(await search(db, query)) }) };
  });

/** @throws {TerminalError} when the query cannot be compared with the collection */
const search = (db: Database, query: RetrievePassages['body']): Promise<Passage[]> =>
  searchPassages(db, query).catch((error: unknown) => {
    if (error instanceof DimensionMismatch) throw new TerminalError('validation', error.message, { cause: error });
    throw error;
  });

/** The best passages, as many as one message carries. */
function withinMessage(passages: readonly Passage[]): Passage[] {
  let bytes = 0;
  return passages.filter((passage, index) => {
    bytes += Buffer.byteLength(JSON.stringify(passage));
    return index === 0 || bytes <= MAX_PASSAGES_BYTES;
  });
}
