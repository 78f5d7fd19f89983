import type { Job, NewDocument } from '../cli/api-types.ts';
import type { Context } from '../cli/context.ts';
import { count, oneLine } from '../cli/text.ts';
import { batches } from '../start/demo/index-documents.ts';
import { concurrently } from './concurrently.ts';
import type { CorpusDocument } from './dataset/corpus.ts';
import { noted } from './progress.ts';

/** Jobs under way at once: while one ends, the embedder has another. */
const JOBS = 2;
const MAX_LISTED = 5;
/** Of a document's metadata. */
export const ID_KEY = 'eval_id';

/** The corpus could not be brought in, so that nothing measured on it would be true. */
export class IngestError extends Error {
  override readonly name = 'IngestError';
}

/**
 * Brings the corpus into a collection and waits until all of it is searchable. What the collection has unchanged costs
 * next to nothing.
 * @throws {IngestError} when a document could not be indexed as a whole
 */
export async function ingestCorpus(
  { client, terminal }: Context,
  collection: string,
  documents: readonly CorpusDocument[],
): Promise<void> {
  const progress = noted(terminal, 'documents');
  const share = new Map<Job['id'], number>();
  const tell = () => progress.update(Math.floor([...share.values()].reduce((a, b) => a + b, 0)), documents.length);
  const faults: string[] = [];
  try {
    tell();
    await concurrently(batches(documents), JOBS, async (batch) => {
      const { id } = await client.ingest(collection, batch.map(asSent));
      for await (const { event, data } of client.events(id)) {
        if (event !== 'job.progress') continue;
        // The total grows while documents are split, so a share may fall; what is shown does not.
        const now = (Number(data.done) / Math.max(1, Number(data.total))) * batch.length;
        share.set(id, Math.max(now, share.get(id) ?? 0));
        tell();
      }
      faults.push(...faultsOf(await client.job(id)));
      share.set(id, batch.length);
      tell();
    });
  } finally {
    progress.close();
  }
  if (faults.length === 0) return;
  const more = faults.length > MAX_LISTED ? `\n  … and ${faults.length - MAX_LISTED} more` : '';
  throw new IngestError(
    `${count(faults.length, 'document')} could not be indexed:\n  ${faults.slice(0, MAX_LISTED).join('\n  ')}${more}`,
  );
}

/** The id stands in the metadata as well, so that a question can be asked without a document. */
const asSent = (document: CorpusDocument): NewDocument => ({
  ...document,
  mime_type: 'text/plain',
  metadata: { [ID_KEY]: document.id },
});

interface Ended {
  readonly id: string;
  readonly status: string;
  readonly error?: string;
}

function faultsOf({ id, status, result, error }: Job): string[] {
  const documents = (result?.documents ?? []) as readonly Ended[];
  const faulty = documents
    .filter((document) => document.status === 'failed' || document.status === 'partial')
    .map((document) => oneLine(`${document.id}: ${document.error ?? document.status}`));
  if (faulty.length > 0 || status === 'succeeded') return faulty;
  return [oneLine(`job ${id} is ${status}: ${error?.message ?? 'no reason given'}`)];
}
