import { TerminalError } from '../../shared/bus/errors.ts';
import { type Handler, on } from '../../shared/bus/handler.ts';
import { type Passage, PassagesRetrieved, QueryOutdated, RetrievePassages } from '../../shared/messages/retrieval.ts';
import { embeddingProfile } from '../../shared/profiles/embedding-profile.ts';
import { type Collection, findCollection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { DimensionMismatch, GenerationGone } from '../../shared/store/errors.ts';
import { type PassageQuery, searchPassages } from '../../shared/store/search.ts';

/** Vectors of two models lie in different spaces, even when they have as many dimensions. */
const isSameModel = (one: string, other: string): boolean =>
  embeddingProfile(one).model === embeddingProfile(other).model;

/** Room for passages in a message of 1 MiB, beside everything else that may travel with them. */
const MAX_PASSAGES_BYTES = 700_000;

/** Finds the passages nearest to a query, by the vectors of the model that made the query's. Reads only, so it may run twice. */
export const retrievePassages = (db: Database): Handler =>
  on(RetrievePassages, async (query) => {
    const { owner, collection: name, model } = query;
    const collection = await findCollection(db, owner, name);
    if (collection === undefined) throw new TerminalError('collection_not_found', `there is no collection "${name}"`);
    const { generation } = collection;
    const passages = answersFor(collection, model) ? await search(db, { ...query, generation }) : undefined;
    if (passages !== undefined) return { event: PassagesRetrieved({ passages: withinMessage(passages) }) };
    const now = await findCollection(db, owner, name);
    if (now === undefined) throw new TerminalError('collection_not_found', `there is no collection "${name}"`);
    return { event: QueryOutdated(now.dimensions === null ? {} : { model: now.embedding_model }) };
  });

/** Vectors of a model that does not answer any more lack what came since: the query is embedded anew. */
const answersFor = ({ dimensions, embedding_model }: Collection, model: string | undefined): boolean =>
  model === undefined || dimensions === null || isSameModel(embedding_model, model);

/** @returns undefined when the generation is gone @throws {TerminalError} when the query cannot be compared with it */
const search = (db: Database, query: PassageQuery): Promise<Passage[] | undefined> =>
  searchPassages(db, query).catch((error: unknown) => {
    if (error instanceof GenerationGone) return undefined;
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
