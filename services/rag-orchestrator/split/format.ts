import { fileTypeFromBuffer } from 'file-type';
import { glimpse, isText } from './decode.ts';
import { DocumentError } from './document-error.ts';
import { foreignKind } from './foreign.ts';
import { hasMarkup, looksLikeHtml, looksLikeMarkdown } from './markup.ts';

/** How a document is read. */
export type Format = 'pdf' | 'docx' | 'html' | 'markdown' | 'text';

/** Characters of a text that are looked at. */
const SNIFFED_CHARS = 64 * 1024;
const PDF_MARK = '%PDF-';
const RTF_MARK = '{\\rtf';
/** A PDF may have this much of something else before it. */
const PDF_WITHIN_BYTES = 1024;

const TEXT_TYPES: ReadonlyMap<string, Format> = new Map([
  ['text/markdown', 'markdown'],
  ['text/x-markdown', 'markdown'],
  ['text/html', 'html'],
  ['application/xhtml+xml', 'html'],
]);

const BINARY_TYPES: Readonly<Record<string, Format>> = {
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  // The first files in a DOCX may not tell what it is; that shows when it is read.
  'application/zip': 'docx',
};

/**
 * What a document is, by its content. The declared type only decides between kinds of text that look alike.
 * @throws {DocumentError} when it is of a kind that cannot be read
 */
export async function formatOf(content: Uint8Array | string, declared: string): Promise<Format> {
  const head = glimpse(content, SNIFFED_CHARS);
  if (head.startsWith(PDF_MARK)) return 'pdf';
  if (head.startsWith(RTF_MARK)) throw new DocumentError(foreignKind('application/rtf'));
  if (typeof content === 'string' || isText(content)) return formatOfText(head, declared);
  if (head.slice(0, PDF_WITHIN_BYTES).includes(PDF_MARK)) return 'pdf';
  const type = (await fileTypeFromBuffer(content))?.mime;
  const format = BINARY_TYPES[type ?? ''];
  if (format === undefined) throw new DocumentError(foreignKind(type));
  return format;
}

function formatOfText(head: string, declared: string): Format {
  if (looksLikeHtml(head)) return 'html';
  const format = TEXT_TYPES.get(declared) ?? 'text';
  if (format === 'html') return hasMarkup(head) ? 'html' : 'text';
  return format === 'text' && looksLikeMarkdown(head) ? 'markdown' : format;
}
