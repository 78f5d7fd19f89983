import { isUtf8 } from 'node:buffer';
import { derivedId } from '../../../shared/ids.ts';
import type { AcceptedDocument } from '../../../shared/messages/inputs.ts';
import { cleanValue } from '../../../shared/store/clean.ts';
import { storeUpload } from '../../../shared/store/uploads.ts';
import type { Gateway } from '../gateway.ts';
import { Problem } from '../problem.ts';
import type { Content } from './content.ts';

/**
 * The documents as the job's message carries them. Texts travel inside it as long as they are small in all, all else
 * is stored first and the message names it (claim check). Ids follow from the job's, so that the same submission
 * made twice is the same.
 * @throws {Problem} payload_too_large; {StoreUnavailableError}
 */
export async function checkIn(
  gateway: Gateway,
  job: string,
  contents: readonly Content[],
): Promise<AcceptedDocument[]> {
  const { inlineBytes, messageBytes } = gateway.limits;
  let inline = 0;
  const documents: AcceptedDocument[] = [];
  const uploads: { id: string; job: string; content: Buffer }[] = [];
  for (const [index, content] of contents.entries()) {
    const fits = inline + content.bytes.length <= inlineBytes && isText(content.bytes);
    if (fits) inline += content.bytes.length;
    const upload = fits ? undefined : derivedId('upl', job, String(index));
    if (upload !== undefined) uploads.push({ id: upload, job, content: content.bytes });
    documents.push(acceptedOf(job, index, content, upload));
  }
  if (Buffer.byteLength(JSON.stringify(documents)) > messageBytes) {
    throw new Problem('payload_too_large', 'titles, sources and metadata of the documents are too large together');
  }
  for (const upload of uploads) await storeUpload(gateway.db, upload);
  return documents;
}

const NUL = 0;

/** Whether bytes come back the same after they were a string in JSON. */
const isText = (bytes: Buffer): boolean => isUtf8(bytes) && !bytes.includes(NUL);

function acceptedOf(job: string, index: number, content: Content, upload: string | undefined): AcceptedDocument {
  const { mimeType, bytes, id = derivedId('doc', job, String(index)), ...about } = content;
  const held = upload === undefined ? { text: bytes.toString('utf8') } : { upload };
  // What the database cannot keep of one document must not keep it from reading the job's others.
  return { ...cleanValue({ ...about, id }), mime_type: mimeType, bytes: bytes.length, ...held };
}
