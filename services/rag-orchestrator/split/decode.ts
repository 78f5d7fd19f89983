import { DocumentError } from './document-error.ts';

/** Bytes looked at for a declared charset, and for the share of control characters. */
const SNIFFED_BYTES = 4096;
const MAX_CONTROL_SHARE = 0.02;

const BOMS: readonly (readonly [encoding: string, bytes: readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/**
 * The text in `content`. Bytes are read by their byte order mark, else as `charset`, else as UTF-8, else (old files)
 * as Windows-1252. The text is well-formed and without U+0000, so that a database stores it as it is.
 * @throws {DocumentError} when the bytes are no text
 */
export function decodeText(content: Uint8Array | string, charset?: string): string {
  if (typeof content === 'string') return storable(stripBom(content));
  const bom = bomOf(content);
  if (bom !== undefined) return storable(decodeAs(bom, content) ?? '');
  if (!isText(content)) throw new DocumentError('the document is binary, not text');
  return storable(
    decodeAs(charset ?? 'utf-8', content, true) ??
      decodeAs('utf-8', content, true) ??
      decodeAs('windows-1252', content) ??
      '',
  );
}

/** Whether bytes are text, in whatever encoding: hardly any control characters, and no NUL. */
export function isText(content: Uint8Array): boolean {
  if (bomOf(content) !== undefined) return true;
  if (content.includes(0)) return false;
  const sample = content.subarray(0, SNIFFED_BYTES);
  return sample.filter((byte) => byte < 0x20 && !isSpaceByte(byte)).length <= sample.length * MAX_CONTROL_SHARE;
}

/** The beginning of a document, for a look at what it is: ASCII is right in it, whatever the encoding. */
export function glimpse(content: Uint8Array | string, chars: number): string {
  if (typeof content === 'string') return stripBom(content.slice(0, chars));
  const head = content.subarray(0, chars);
  return stripBom(new TextDecoder(bomOf(head) ?? 'latin1').decode(head));
}

const bomOf = (content: Uint8Array): string | undefined =>
  BOMS.find(([, bytes]) => bytes.every((byte, index) => content[index] === byte))?.[0];

/** The text of bytes; undefined for an unknown encoding or, when `fatal`, for bytes that it does not allow. */
function decodeAs(encoding: string, content: Uint8Array, fatal = false): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal }).decode(content);
  } catch {
    return undefined;
  }
}

const isSpaceByte = (byte: number): boolean => (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b;

const stripBom = (text: string): string => (text.startsWith('\uFEFF') ? text.slice(1) : text);

/** Replaces what UTF-8 or Postgres cannot hold (lone surrogates, U+0000) without moving any offset. */
export const storable = (text: string): string => text.replace(/[\p{Surrogate}\0]/gu, '\uFFFD');

/** The charset that an HTML document declares for itself, if any. */
export function declaredCharset(content: Uint8Array | string): string | undefined {
  if (typeof content === 'string') return undefined;
  const head = new TextDecoder('latin1').decode(content.subarray(0, SNIFFED_BYTES));
  return /<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]{1,40})/i.exec(head)?.[1];
}
