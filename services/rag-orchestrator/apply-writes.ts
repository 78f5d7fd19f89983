import { lockCollections } from '../../shared/store/collections.ts';
import type { Tx } from '../../shared/store/database.ts';
import { lockDocuments } from '../../shared/store/documents.ts';
import type { Edition } from '../../shared/store/passages.ts';
import { publishDocument } from '../../shared/store/publish.ts';
import { type BuiltVectors, storeBuilt } from '../../shared/store/rebuild.ts';
import { storeVectors } from '../../shared/store/vectors.ts';
import type { Write } from './flows/flow.ts';

type Of<Kind extends Write['kind']> = Extract<Write, { kind: Kind }>;

const ofKind = <Kind extends Write['kind']>(writes: readonly Write[], kind: Kind): Of<Kind>[] =>
  writes.filter((write): write is Of<Kind> => write.kind === kind);

/**
 * Writes what flows decided about passages and documents. Vectors go before documents: a document is published with the
 * vectors that came in the same turn. What belongs to a collection deleted meanwhile is dropped.
 * @returns the documents that were published in vain: something newer has replaced or deleted them
 */
export async function applyWrites(tx: Tx, writes: readonly Write[]): Promise<Of<'document'>[]> {
  if (writes.length === 0) return [];
  const editionOf = await editionsOf(tx, [...ofKind(writes, 'vectors'), ...ofKind(writes, 'document')]);
  const vectors = ofKind(writes, 'vectors').flatMap((write) =>
    editionOf(write).map((edition) => ({ ...edition, from: write.from, vectors: write.vectors, model: write.model })),
  );
  const documents = ofKind(writes, 'document').map((write) => ({ write, editions: editionOf(write) }));
  const [, , , ...live] = await Promise.all([
    storeBuilt(tx, ofKind(writes, 'built').map(builtOf)),
    lockDocuments(
      tx,
      documents.flatMap(({ editions }) => editions),
    ),
    storeVectors(tx, vectors),
    ...documents.map(({ write, editions }) => publish(tx, write, editions)),
  ]);
  // One that failed before there was a collection has failed, and nothing newer is in its place.
  return documents.flatMap(({ write }, at) => (live[at] === true || write.status === 'failed' ? [] : write));
}

async function publish(tx: Tx, { status, error }: Of<'document'>, editions: readonly Edition[]): Promise<boolean> {
  const published = await Promise.all(editions.map((edition) => publishDocument(tx, { ...edition, status, error })));
  return published.length > 0 && published.every(Boolean);
}

const builtOf = ({ runs, generation, vectors, errors, model }: Of<'built'>): BuiltVectors => ({
  generation,
  vectors,
  errors,
  model,
  passages: runs.flatMap(({ edition, from, count }) =>
    Array.from({ length: count }, (_, index) => ({ edition, ord: from + index })),
  ),
});

type OfDocument = Of<'vectors'> | Of<'document'>;

/** Finds the editions that writes speak of; none for those whose collection is gone. */
async function editionsOf(tx: Tx, writes: readonly OfDocument[]): Promise<(write: OfDocument) => Edition[]> {
  const names = new Map(writes.map(({ owner, collection }) => [keyOf(owner, collection), { owner, collection }]));
  const found = names.size === 0 ? [] : await lockCollections(tx, [...names.values()]);
  const ids = new Map(found.map(({ owner, name, id }) => [keyOf(owner, name), id]));
  return ({ owner, collection, document, revision }) => {
    const id = ids.get(keyOf(owner, collection));
    return id === undefined ? [] : [{ collection_id: id, document_id: document, revision }];
  };
}

const keyOf = (owner: string, collection: string): string => `${owner}\n${collection}`;
