import { extname } from 'node:path';

const PDF = 'application/pdf';
const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';

/** What is read; whether a document is what it says shows when it is. */
const READABLE = new Map([
  ['text/plain', 'text/plain'],
  ['text/markdown', 'text/markdown'],
  ['text/x-markdown', 'text/markdown'],
  ['text/html', 'text/html'],
  ['application/xhtml+xml', 'text/html'],
  [PDF, PDF],
  [DOCX, DOCX],
]);

const BY_EXTENSION = new Map([
  ['.txt', 'text/plain'],
  ['.text', 'text/plain'],
  ['.log', 'text/plain'],
  ['.md', 'text/markdown'],
  ['.markdown', 'text/markdown'],
  ['.mdx', 'text/markdown'],
  ['.html', 'text/html'],
  ['.htm', 'text/html'],
  ['.xhtml', 'text/html'],
  ['.pdf', PDF],
  ['.docx', DOCX],
]);

const UNTOLD = new Set(['', 'application/octet-stream']);

/** Either what the document is, or why it cannot be taken. */
export type Kind = { readonly mimeType: string } | { readonly refusal: string };

/** What a document is, by its declared type, else by the extension of a name it has, else plain text. */
export function kindOf(declared: string | undefined, names: readonly (string | undefined)[]): Kind {
  const given = (declared ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const type = UNTOLD.has(given) ? (fromNames(names) ?? 'text/plain') : given;
  const readable = READABLE.get(type) ?? (type.startsWith('text/') ? 'text/plain' : undefined);
  return readable === undefined
    ? { refusal: `"${type}" cannot be read; send PDF, DOCX, HTML, Markdown or plain text` }
    : { mimeType: readable };
}

function fromNames(names: readonly (string | undefined)[]): string | undefined {
  for (const name of names) {
    const type = BY_EXTENSION.get(extname(name ?? '').toLowerCase());
    if (type !== undefined) return type;
  }
  return undefined;
}
