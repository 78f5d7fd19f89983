import { findCollection } from '../../shared/store/collections.ts';
import type { Tx } from '../../shared/store/database.ts';
import type { Edition } from '../../shared/store/passages.ts';
import { publishDocument } from '../../shared/store/publish.ts';
import { storeVectors } from '../../shared/store/vectors.ts';
import type { Write } from './flows/flow.ts';

/**
 * Writes what flows decided about passages and documents. Vectors go before documents: a document is published with the
 * vectors that came in the same turn. What belongs to a collection deleted meanwhile is dropped.
 */
export async function applyWrites(tx: Tx, writes: readonly Write[]): Promise<void> {
  if (writes.length === 0) return;
  const collections = await idsOf(tx, writes);
  const editionOf = ({ owner, collection, document, revision }: Write): Edition[] => {
    const id = collections.get(keyOf(owner, collection));
    return id === undefined ? [] : [{ collection_id: id, document_id: document, revision }];
  };
  const vectors = writes.flatMap((write) =>
    write.kind === 'vectors'
      ? editionOf(write).map((edition) => ({
          ...edition,
          from: write.from,
          vectors: write.vectors,
          model: write.model,
        }))
      : [],
  );
  const documents = writes.flatMap((write) =>
    write.kind === 'document'
      ? editionOf(write).map((edition) => ({ ...edition, status: write.status, error: write.error }))
      : [],
  );
  await Promise.all([storeVectors(tx, vectors), ...documents.map((document) => publishDocument(tx, document))]);
}

async function idsOf(tx: Tx, writes: readonly Write[]): Promise<Map<string, number>> {
  const names = new Map(writes.map(({ owner, collection }) => [keyOf(owner, collection), { owner, collection }]));
  const found = await Promise.all(
    [...names.values()].map(({ owner, collection }) => findCollection(tx, owner, collection)),
  );
  return new Map(found.flatMap((row) => (row === undefined ? [] : [[keyOf(row.owner, row.name), row.id]])));
}

const keyOf = (owner: string, collection: string): string => `${owner}\n${collection}`;
