import { extname } from 'node:path';

/** What the splitter reads. */
const READABLE = new Map([
  ['text/plain', 'text/plain'],
  ['text/markdown', 'text/markdown'],
  ['text/x-markdown', 'text/markdown'],
  ['text/html', 'text/html'],
  ['application/xhtml+xml', 'text/html'],
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
  ['.pdf', 'application/pdf'],
  ['.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
]);

/** Known kinds of document that cannot be read so far, by how people call them. */
const NOT_YET = new Map([
  ['application/pdf', 'PDF'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'DOCX'],
]);

const UNTOLD = new Set(['', 'application/octet-stream']);

/** Either what the document is, or why it cannot be taken. */
export type Kind = { readonly mimeType: string } | { readonly refusal: string };

/** What a document is, by its declared type, else by the extension of a name it has, else plain text. */
export function kindOf(declared: string | undefined, names: readonly (string | undefined)[]): Kind {
  const given = (declared ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const type = UNTOLD.has(given) ? (fromNames(names) ?? 'text/plain') : given;
  const notYet = NOT_YET.get(type);
  if (notYet !== undefined) return { refusal: `${notYet} documents cannot be read yet; send text, Markdown or HTML` };
  const readable = READABLE.get(type) ?? (type.startsWith('text/') ? 'text/plain' : undefined);
  return readable === undefined
    ? { refusal: `"${type}" cannot be read; send text, Markdown or HTML` }
    : { mimeType: readable };
}

function fromNames(names: readonly (string | undefined)[]): string | undefined {
  for (const name of names) {
    const type = BY_EXTENSION.get(extname(name ?? '').toLowerCase());
    if (type !== undefined) return type;
  }
  return undefined;
}
