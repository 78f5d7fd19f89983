import { Readable } from 'node:stream';
import JSZip from 'jszip';
import { type Bounds, grouped } from '../bounds.ts';
import { DocumentError } from '../document-error.ts';

/** What unpacks to so many times its size is made to harm, once it is more than a small file. */
const MAX_RATIO = 200;
const SMALL_BYTES = 10 * 1024 * 1024;

/**
 * Unpacks an archive to nowhere, to see how large it is before anybody holds its content in memory. What it says of its
 * sizes itself is not believed.
 * @throws {DocumentError} damaged, or beyond the bounds
 */
export async function refuseBomb(archive: Uint8Array, bounds: Bounds): Promise<void> {
  const zip = await opened(archive);
  const files = Object.values(zip.files);
  if (files.length > bounds.archivedFiles) {
    throw new DocumentError(
      `the archive holds ${grouped(files.length)} files; a document has at most ${grouped(bounds.archivedFiles)}`,
    );
  }
  const most = Math.min(bounds.unpackedBytes, Math.max(SMALL_BYTES, archive.length * MAX_RATIO));
  let left = most;
  for (const file of files) left -= await sizeOf(file, left, most);
}

async function opened(archive: Uint8Array): Promise<JSZip> {
  try {
    return await JSZip.loadAsync(archive);
  } catch (error) {
    throw damaged(error);
  }
}

async function sizeOf(file: JSZip.JSZipObject, left: number, most: number): Promise<number> {
  let bytes = 0;
  // What the archive gives is a stream of an older kind.
  const stream = new Readable().wrap(file.nodeStream());
  try {
    for await (const piece of stream) {
      bytes += (piece as Buffer).length;
      if (bytes > left) throw new DocumentError(`the archive unpacks to more than ${grouped(most)} bytes`);
    }
  } catch (error) {
    throw error instanceof DocumentError ? error : damaged(error);
  }
  return bytes;
}

export const damaged = (error: unknown): DocumentError =>
  new DocumentError(
    `the DOCX is damaged (${error instanceof Error ? error.message : String(error)}): open it, save it anew and send that`,
  );
