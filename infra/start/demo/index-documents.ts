import type { DocumentToIndex } from './documents.ts';
import { followJob } from './follow-job.ts';
import { call, type Gateway, RefusedError } from './gateway-client.ts';

const MAX_BATCH_DOCUMENTS = 100;
const MAX_BATCH_CHARS = 8 * 1024 * 1024;
const PAGE = 100;
const CONFLICT = 409;

interface KnownDocument {
  readonly id: string;
  readonly status: string;
  readonly metadata?: { readonly sha256?: string };
}

interface Page {
  readonly data: readonly KnownDocument[];
  readonly has_more: boolean;
  readonly next_cursor?: string | null;
}

async function ensureCollection(gateway: Gateway, name: string): Promise<void> {
  try {
    await call(gateway, 'POST', '/v1/collections', { name });
  } catch (error) {
    if (!(error instanceof RefusedError && error.status === CONFLICT)) throw error;
  }
}

/** Hash by id of every document that is searchable as it stands. */
async function indexedAlready(gateway: Gateway, collection: string): Promise<Map<string, string | undefined>> {
  const known = new Map<string, string | undefined>();
  for (let after = ''; ; ) {
    const page = await call<Page>(gateway, 'GET', `/v1/collections/${collection}/documents?limit=${PAGE}${after}`);
    for (const { id, status, metadata } of page.data) if (status === 'searchable') known.set(id, metadata?.sha256);
    if (!page.has_more || !page.next_cursor) return known;
    after = `&after=${encodeURIComponent(page.next_cursor)}`;
  }
}

/** Cuts the documents into requests that the gateway accepts. */
export function batches<Document extends { readonly text: string }>(documents: readonly Document[]): Document[][] {
  const cut: Document[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const document of documents) {
    const last = cut.at(-1);
    chars += document.text.length;
    if (last && last.length < MAX_BATCH_DOCUMENTS && chars <= MAX_BATCH_CHARS) last.push(document);
    else {
      cut.push([document]);
      chars = document.text.length;
    }
  }
  return cut;
}

async function indexBatch(
  gateway: Gateway,
  collection: string,
  documents: readonly DocumentToIndex[],
  progress: (line: string) => void,
) {
  const path = `/v1/collections/${collection}/documents`;
  const job = await call<{ id: string }>(gateway, 'POST', path, { documents });
  const end = await followJob(gateway, job.id, ({ event, data }) => {
    if (event === 'job.progress') progress(`${data.done} of ${data.total} (${data.stage})`);
  });
  if (end.event !== 'job.succeeded') throw new Error(`indexing ended with ${end.event}: ${JSON.stringify(end.data)}`);
}

/**
 * Brings documents into a collection; those that are in it unchanged are left alone.
 * @returns how many were sent
 */
export async function indexDocuments(
  gateway: Gateway,
  collection: string,
  documents: readonly DocumentToIndex[],
  progress: (line: string) => void,
): Promise<number> {
  await ensureCollection(gateway, collection);
  const known = await indexedAlready(gateway, collection);
  const changed = documents.filter(({ id, metadata }) => known.get(id) !== metadata.sha256);
  for (const batch of batches(changed)) await indexBatch(gateway, collection, batch, progress);
  return changed.length;
}
