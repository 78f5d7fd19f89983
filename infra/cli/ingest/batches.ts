import type { NewDocument } from '../api-types.ts';
import { readDocument } from './document.ts';
import type { File } from './files.ts';
import type { Ledger } from './ledger.ts';

const MAX_DOCUMENTS = 64;
const MAX_BYTES = 4 * 1024 * 1024;

/** The documents of one job. */
export type Batch = readonly (NewDocument & { readonly id: string })[];

/**
 * Reads files one after the other and gathers them into batches of bounded size. What is unreadable, or searchable
 * already with this very content (`known`: hash by id), goes to the ledger instead.
 */
export async function* batches(
  files: readonly File[],
  known: ReadonlyMap<string, string>,
  ledger: Ledger,
): AsyncGenerator<Batch> {
  let batch: (NewDocument & { readonly id: string })[] = [];
  let bytes = 0;
  for (const file of files) {
    const read = await readDocument(file);
    if (read.kind === 'unreadable') ledger.add({ id: read.id, status: 'failed', error: read.error });
    else if (known.get(read.document.id) === read.sha256) ledger.add({ id: read.document.id, status: 'unchanged' });
    else {
      if (batch.length === MAX_DOCUMENTS || (batch.length > 0 && bytes + read.bytes > MAX_BYTES)) {
        yield batch;
        batch = [];
        bytes = 0;
      }
      batch.push(read.document);
      bytes += read.bytes;
    }
  }
  if (batch.length > 0) yield batch;
}
