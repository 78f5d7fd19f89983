import { TerminalError } from '../../shared/bus/errors.ts';
import { type Handler, on } from '../../shared/bus/handler.ts';
import { PassagesRetrieved, RetrievePassages } from '../../shared/messages/retrieval.ts';
import { embeddingProfile } from '../../shared/profiles/embedding-profile.ts';
import { findCollection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { searchPassages } from '../../shared/store/search.ts';

/** Vectors of two models lie in different spaces, even when they have as many dimensions. */
const isSameModel = (one: string, other: string): boolean =>
  embeddingProfile(one).model === embeddingProfile(other).model;

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
    return { event: PassagesRetrieved({ passages: await searchPassages(db, query) }) };
  });
