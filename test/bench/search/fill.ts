import { newId } from '../../../shared/ids.ts';
import { embeddingProfile } from '../../../shared/profiles/embedding-profile.ts';
import { type Collection, createCollection } from '../../../shared/store/collections.ts';
import type { Database } from '../../../shared/store/database.ts';
import { upsertPending } from '../../../shared/store/documents.ts';
import { storePassages } from '../../../shared/store/passages.ts';
import { publishDocument } from '../../../shared/store/publish.ts';
import { vectorBase64 } from '../../../shared/store/vector.ts';
import { storeVectors } from '../../../shared/store/vectors.ts';
import type { MixedDocument } from './mixture.ts';

const MODEL = 'all-MiniLM-L6-v2';
/** Documents under way at once, as an ingest job has them. */
const AT_ONCE = 8;

/** Stores documents as an ingest does, without its messages. @returns passages a second */
export async function fill(
  db: Database,
  { owner, name }: { owner: string; name: string },
  documents: Iterable<MixedDocument>,
): Promise<{ collection: Collection; rate: number }> {
  const collection = await createCollection(db, owner, name, {
    ...{ embedding_model: MODEL, chunk_size: 160, chunk_overlap: 0 },
    hybrid_weight: embeddingProfile(MODEL).hybridWeight,
  });
  const begun = performance.now();
  const source = documents[Symbol.iterator]();
  let stored = 0;
  const worker = async () => {
    for (let next = source.next(); !next.done; next = source.next()) {
      await ingest(db, collection, next.value);
      stored += next.value.passages.length;
      if (stored % 1000 === 0) process.stderr.write(`\r${stored} passages stored`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  process.stderr.write('\n');
  return { collection, rate: (stored / (performance.now() - begun)) * 1000 };
}

async function ingest(db: Database, { id: collection_id, owner }: Collection, document: MixedDocument): Promise<void> {
  const { id, metadata, passages } = document;
  const revision = newId('job');
  const edition = { collection_id, document_id: id, revision };
  const bytes = passages.reduce((sum, { text }) => sum + text.length, 0);
  await upsertPending(db, [
    { collection_id, id, owner, revision, title: id, mime_type: 'text/plain', metadata, bytes },
  ]);
  let end = 0;
  const parts = passages.map(({ text }) => {
    const start = end;
    end += text.length + 1;
    return { text, heading: '', start, end: start + text.length, tokens: Math.ceil(text.length / 4) };
  });
  await storePassages(db, { ...edition, text: passages.map(({ text }) => text).join('\n'), passages: parts });
  const vectors = passages.map(({ vector }) => vectorBase64([...vector]));
  await db.transaction(async (tx) => {
    await Promise.all([
      storeVectors(tx, [{ ...edition, from: 0, vectors, model: MODEL }]),
      publishDocument(tx, { ...edition, status: 'searchable' }),
    ]);
  });
}
