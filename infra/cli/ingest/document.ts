import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { NewDocument } from '../api-types.ts';
import { type File, MIME_TYPES } from './files.ts';

const MAX_BYTES = 30 * 1024 * 1024;
const MAX_ID_CHARS = 200;
const HASH_CHARS = 32;

/** A file as a document to send, or why it cannot be sent. */
export type Read =
  | {
      readonly kind: 'document';
      readonly document: NewDocument & { readonly id: string };
      readonly bytes: number;
      readonly sha256: string;
    }
  | { readonly kind: 'unreadable'; readonly id: string; readonly error: string };

export async function readDocument({ path, name }: File): Promise<Read> {
  const id = idOf(name);
  try {
    const content = await readFile(path);
    const error = faultIn(content);
    if (error !== undefined) return { kind: 'unreadable', id, error };
    const sha256 = createHash('sha256').update(content).digest('hex');
    const mime_type = MIME_TYPES[extname(path).toLowerCase()] ?? 'text/plain';
    const document = {
      id,
      text: content.toString('utf8'),
      mime_type,
      source: name.slice(-MAX_SOURCE_CHARS),
      metadata: { sha256 },
    };
    return { kind: 'document', document, bytes: content.length, sha256 };
  } catch (error) {
    return { kind: 'unreadable', id, error: error instanceof Error ? error.message : String(error) };
  }
}

const MAX_SOURCE_CHARS = 2000;

function faultIn(content: Buffer): string | undefined {
  if (content.length > MAX_BYTES) return `it is larger than ${MAX_BYTES / 1024 / 1024} MiB`;
  if (!isUtf8(content) || content.includes(0)) return 'it is not UTF-8 text';
  return content.toString('utf8').trim() === '' ? 'it is empty' : undefined;
}

/** The name itself, or of a very long one its end and a hash of the whole. */
function idOf(name: string): string {
  if (name.length <= MAX_ID_CHARS) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_CHARS);
  return `${hash}-${name.slice(-(MAX_ID_CHARS - HASH_CHARS - 1))}`;
}
