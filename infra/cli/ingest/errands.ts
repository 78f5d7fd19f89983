import { type FileDocument, readDocument } from './document.ts';
import type { File } from './files.ts';
import type { Ledger } from './ledger.ts';
import type { Standing } from './standing.ts';

const MAX_DOCUMENTS = 64;
const MAX_BYTES = 4 * 1024 * 1024;

/** The documents of one job. */
export type Batch = readonly FileDocument[];

/** What is to be done about files: documents to send as one job, or a job under way that brings documents already. */
export type Errand = { readonly send: Batch } | { readonly follow: string; readonly ids: string[] };

/**
 * Reads files one after the other and gathers them into batches of bounded size. What is unreadable, or searchable
 * already with this very content, goes to the ledger instead; what a job under way brings is not sent a second time.
 */
export async function* errands(
  files: readonly File[],
  { searchable, underWay }: Pick<Standing, 'searchable' | 'underWay'>,
  ledger: Ledger,
): AsyncGenerator<Errand> {
  const followed = new Map<string, string[]>();
  let batch: FileDocument[] = [];
  let bytes = 0;
  for (const file of files) {
    const read = await readDocument(file);
    if (read.kind === 'unreadable') ledger.add({ id: read.id, status: 'failed', error: read.error });
    if (read.kind !== 'document') continue;
    const { id, metadata } = read.document;
    const coming = underWay.get(id);
    if (coming?.sha256 === metadata.sha256) followed.set(coming.job, [...(followed.get(coming.job) ?? []), id]);
    else if (coming === undefined && searchable.get(id) === metadata.sha256) ledger.add({ id, status: 'unchanged' });
    else {
      if (batch.length === MAX_DOCUMENTS || (batch.length > 0 && bytes + read.bytes > MAX_BYTES)) {
        yield { send: batch };
        batch = [];
        bytes = 0;
      }
      batch.push(read.document);
      bytes += read.bytes;
    }
  }
  if (batch.length > 0) yield { send: batch };
  for (const [follow, ids] of followed) yield { follow, ids };
}
