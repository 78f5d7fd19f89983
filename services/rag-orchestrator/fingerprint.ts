import { createHash } from 'node:crypto';
import type { AcceptedDocument } from '../../shared/messages/inputs.ts';

/** Raised when the same content begins to make other passages than before: documents sent again are then made anew. */
const MAKING = 2;

interface Chunking {
  readonly chunk_size: number;
  readonly chunk_overlap: number;
}

/**
 * The same when a document would be made into the same passages under the same title. A title that was sent is no part
 * of it, since it can be changed where it stands; without one it comes from the document, else from source or id.
 */
export function fingerprintOf(
  content: Uint8Array | string,
  { id, title, source, mime_type }: AcceptedDocument,
  { chunk_size, chunk_overlap }: Chunking,
): string {
  const untitled = (title ?? '').trim() === '' ? (source ?? id) : null;
  const how = JSON.stringify([MAKING, mime_type, chunk_size, chunk_overlap, untitled]);
  return createHash('sha256').update(how).update('\n').update(content).digest('hex');
}
