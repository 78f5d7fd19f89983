import type { Job, ListedDocument, Page } from '../api-types.ts';
import type { WarrenClient } from '../client.ts';
import { RefusedError } from '../errors.ts';
import { idOf } from './document.ts';

const DOCUMENTS_PAGE = 200;
const JOBS_PAGE = 50;
const UNFINISHED = ['queued', 'running'] as const;

/** How a collection stands: all that a run needs to know of the runs before it is on the server. */
export interface Standing {
  /** Hash of what is searchable, by document id. */
  readonly searchable: Map<string, string>;
  /** What jobs under way bring: the job and the hash, by document id. */
  readonly underWay: ReadonlyMap<string, { readonly job: string; readonly sha256: string }>;
  /** Documents that were files once, by id: what they were called. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Reads how the collection stands. Jobs come first: one that ends in between is found among the documents as well, or is
 * followed to the end that it has had.
 */
export async function standingOf(client: WarrenClient, collection: string): Promise<Standing> {
  const underWay = new Map<string, { job: string; sha256: string }>();
  for (const status of UNFINISHED) {
    const jobs = pages((after) => client.jobs({ type: 'ingest', collection, status, limit: JOBS_PAGE, after }));
    for await (const job of jobs)
      for (const [id, sha256] of hashesOf(job)) addNewest(underWay, id, { job: job.id, sha256 });
  }
  const searchable = new Map<string, string>();
  const files = new Map<string, string>();
  for await (const { id, status, source, metadata } of documentsOf(client, collection)) {
    const sha256 = metadata?.sha256;
    if (typeof sha256 !== 'string') continue;
    if (status === 'searchable') searchable.set(id, sha256);
    if (source !== undefined && idOf(source) === id) files.set(id, source);
  }
  return { searchable, underWay, files };
}

/** Of two jobs that bring one document the later born wins. */
function addNewest<T extends { readonly job: string }>(map: Map<string, T>, id: string, found: T): void {
  const before = map.get(id);
  if (before === undefined || before.job < found.job) map.set(id, found);
}

function* hashesOf({ input }: Job): Generator<[string, string]> {
  const documents = (input.documents ?? []) as readonly { id?: string; metadata?: { sha256?: unknown } }[];
  for (const { id, metadata } of documents)
    if (id !== undefined && typeof metadata?.sha256 === 'string') yield [id, metadata.sha256];
}

async function* documentsOf(client: WarrenClient, collection: string): AsyncGenerator<ListedDocument> {
  try {
    yield* pages((after) => client.documents(collection, { limit: DOCUMENTS_PAGE, after }));
  } catch (error) {
    if (!(error instanceof RefusedError && error.code === 'collection_not_found')) throw error;
  }
}

async function* pages<Item>(read: (after: string | undefined) => Promise<Page<Item>>): AsyncGenerator<Item> {
  let after: string | undefined;
  do {
    const page: Page<Item> = await read(after);
    yield* page.data;
    after = page.has_more ? (page.next_cursor ?? undefined) : undefined;
  } while (after !== undefined);
}
