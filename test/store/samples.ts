import { newId } from '../../shared/ids.ts';
import type { StoredEvent } from '../../shared/messages/client-event.ts';
import type { Job } from '../../shared/messages/job.ts';
import { type Collection, createCollection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { upsertPending } from '../../shared/store/documents.ts';
import { storePassages } from '../../shared/store/passages.ts';
import { publishDocument } from '../../shared/store/publish.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';
import { storeVectors } from '../../shared/store/vectors.ts';

let count = 0;
/** A name that no other test uses. */
export const unique = (what: string): string => `${what}-${process.pid}-${++count}`;

export const AT = '2030-01-02T03:04:05.678Z';

export const sampleJob = (overrides: Partial<Job> = {}): Job => ({
  id: newId('job'),
  type: 'ask',
  owner: 'nobody',
  status: 'queued',
  priority: 'normal',
  progress: { done: 0, total: 2 },
  attempt: 1,
  input: { question: 'why?' },
  tags: [],
  metadata: {},
  created_at: AT,
  last_seq: 0,
  state: {},
  ...overrides,
});

export const sampleEvent = (job: string, seq: number, data: Record<string, unknown> = {}): StoredEvent => ({
  job,
  seq,
  event: 'job.progress',
  at: AT,
  data,
});

export const sampleCollection = (db: Database, owner = unique('owner'), name = 'docs'): Promise<Collection> =>
  createCollection(db, owner, name, { embedding_model: 'hand', chunk_size: 200, chunk_overlap: 20 });

export interface SampleDocument {
  readonly id: string;
  readonly revision?: string;
  readonly title?: string;
  readonly metadata?: Record<string, unknown>;
  /** Of its first passage; every further one is on the next. */
  readonly page?: number;
  readonly fingerprint?: string;
  /** [text, vector] of each passage; without a vector it could not be embedded. */
  readonly passages: readonly (readonly [text: string, vector: readonly number[] | null])[];
}

/** Announces, splits and embeds a document, but does not publish it. */
export async function prepare(db: Database, collection: Collection, document: SampleDocument) {
  const { id, revision = newId('job'), title = id, metadata = {}, page, fingerprint, passages } = document;
  const edition = { collection_id: collection.id, document_id: id, revision };
  await upsertPending(db, [
    {
      collection_id: collection.id,
      id,
      owner: collection.owner,
      revision,
      title,
      mime_type: 'text/plain',
      metadata,
      bytes: 1,
      fingerprint,
    },
  ]);
  const text = passages.map(([part]) => part).join('\n');
  const parts = passages.map(([part], index) => {
    const start = passages.slice(0, index).reduce((sum, [before]) => sum + before.length + 1, 0);
    const paged = page === undefined ? {} : { page: page + index };
    return { text: part, heading: 'Top', start, end: start + part.length, ...paged, tokens: 5 };
  });
  await storePassages(db, { ...edition, text, passages: parts });
  const vectors = passages.map(([, vector]) => (vector === null ? null : vectorBase64(vector)));
  await db.transaction((tx) => storeVectors(tx, [{ ...edition, from: 0, vectors, model: 'hand' }]));
  return edition;
}

export async function ingest(db: Database, collection: Collection, document: SampleDocument) {
  const edition = await prepare(db, collection, document);
  const status = document.passages.some(([, vector]) => vector === null) ? 'partial' : 'searchable';
  await db.transaction((tx) => publishDocument(tx, { ...edition, status }));
  return edition;
}
