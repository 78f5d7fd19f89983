import type { AcceptedDocument } from '../../../shared/messages/inputs.ts';
import type { Ended } from './open-document.ts';

const NEVER_ENDED: Ended = { status: 'failed', passages: 0, failed: 0 };

/** What clients read of each document, by its position, and in all. `failure`: what there is to say when some failed. */
export function ingestResult(
  documents: readonly Pick<AcceptedDocument, 'id'>[],
  ended: Readonly<Record<string, Ended>>,
) {
  const rows = documents.map(({ id }, index) => ({ id, ...(ended[index] ?? NEVER_ENDED) }));
  const failed = rows.filter(({ status }) => status === 'failed');
  const unchanged = rows.filter((row) => row.unchanged === true).length;
  const result = {
    documents: rows.map(({ id, status, passages, error, unchanged }) => ({
      id,
      status,
      passages,
      ...(unchanged === undefined ? {} : { unchanged }),
      ...(error === undefined ? {} : { error }),
    })),
    counts: {
      documents: rows.length,
      passages: rows.reduce((sum, row) => sum + row.passages, 0),
      failed: failed.length,
      ...(unchanged === 0 ? {} : { unchanged }),
    },
  };
  if (failed.length === 0) return { result };
  const failure = `${failed.length} of ${rows.length} documents could not be indexed: ${failed[0]?.error ?? 'see the result'}`;
  return { result, failure };
}
