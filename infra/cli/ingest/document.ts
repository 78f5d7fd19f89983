import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { NewDocument } from '../api-types.ts';
import type { File } from './files.ts';
import { kindOf } from './kinds.ts';

const MIB = 1024 * 1024;
/** A request may have 32 MiB; base64 makes four bytes of three. */
const MAX_TEXT_BYTES = 30 * MIB;
const MAX_BYTES = 23 * MIB;
const MAX_ID_CHARS = 200;
const MAX_SOURCE_CHARS = 2000;
const HASH_CHARS = 32;

/** A file as it is sent. By the hash of its bytes a later run knows it again. */
export type FileDocument = NewDocument & {
  readonly id: string;
  readonly source: string;
  readonly metadata: { readonly sha256: string };
};

/** A file as a document to send, or why it cannot be sent. */
export type Read =
  | { readonly kind: 'document'; readonly document: FileDocument; readonly bytes: number }
  | { readonly kind: 'gone'; readonly id: string }
  | { readonly kind: 'unreadable'; readonly id: string; readonly error: string };

export async function readDocument({ path, name }: File): Promise<Read> {
  const id = idOf(name);
  const { mimeType: mime_type, isText } = kindOf(path) ?? { mimeType: 'text/plain', isText: true };
  try {
    const { size } = await stat(path);
    const most = isText ? MAX_TEXT_BYTES : MAX_BYTES;
    if (size > most) return { kind: 'unreadable', id, error: `it is larger than ${most / MIB} MiB` };
    const content = await readFile(path);
    const error = faultIn(content, isText);
    if (error !== undefined) return { kind: 'unreadable', id, error };
    const sha256 = createHash('sha256').update(content).digest('hex');
    const held = isText ? { text: content.toString('utf8') } : { content_base64: content.toString('base64') };
    const document = { id, ...held, mime_type, source: sourceOf(name), metadata: { sha256 } };
    return { kind: 'document', document, bytes: (held.text ?? held.content_base64).length };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'gone', id };
    return { kind: 'unreadable', id, error: error instanceof Error ? error.message : String(error) };
  }
}

function faultIn(content: Buffer, isText: boolean): string | undefined {
  if (!isText) return content.length === 0 ? 'it is empty' : undefined;
  if (!isUtf8(content) || content.includes(0)) return 'it is not UTF-8 text';
  return content.toString('utf8').trim() === '' ? 'it is empty' : undefined;
}

const sourceOf = (name: string): string => name.slice(-MAX_SOURCE_CHARS);

/** The name itself, or of a very long one its end and a hash of the whole. */
export function idOf(name: string): string {
  if (name.length <= MAX_ID_CHARS) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_CHARS);
  return `${hash}-${name.slice(-(MAX_ID_CHARS - HASH_CHARS - 1))}`;
}
