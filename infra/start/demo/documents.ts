import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';

const MIME_TYPES: Readonly<Record<string, string>> = {
  '.md': 'text/markdown',
  '.txt': 'text/plain',
  '.html': 'text/html',
  '.htm': 'text/html',
};
const SKIPPED = new Set(['node_modules', 'dist', 'coverage']);
const MAX_ID_CHARS = 200;

/** A document as `POST /v1/collections/{name}/documents` takes it. */
export interface DocumentToIndex {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly mime_type: string;
  readonly source: string;
  readonly metadata: { readonly sha256: string };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const isIndexable = (file: string): boolean => extname(file).toLowerCase() in MIME_TYPES;

function filesBelow(path: string): string[] {
  if (statSync(path).isFile()) return isIndexable(path) ? [path] : [];
  return readdirSync(path)
    .filter((name) => !name.startsWith('.') && !SKIPPED.has(name))
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

const titleOf = (text: string, file: string): string => /^#\s+(.+)$/m.exec(text)?.[1]?.trim() ?? basename(file);

/** The path from where the reader stands is the document's id, so indexing it again replaces it. */
function readDocument(file: string, from: string): DocumentToIndex {
  const text = readFileSync(file, 'utf8');
  const source = relative(from, file);
  return {
    id: source.length <= MAX_ID_CHARS ? source : sha256(source),
    title: extname(file) === '.md' ? titleOf(text, file) : basename(file),
    text,
    mime_type: MIME_TYPES[extname(file).toLowerCase()] ?? 'text/plain',
    source,
    metadata: { sha256: sha256(text) },
  };
}

/** Every text, Markdown and HTML file at or below these paths; ids are relative to the folder that holds each path. */
export function readDocuments(paths: readonly string[]): DocumentToIndex[] {
  const documents = paths.flatMap((path) => filesBelow(path).map((file) => readDocument(file, dirname(path))));
  return [
    ...new Map(documents.filter(({ text }) => text.trim() !== '').map((document) => [document.id, document])).values(),
  ];
}

/** What of the project itself is worth reading. */
export const ownDocumentation = (root: string): string[] =>
  ['README.md', 'CONTRIBUTING.md', 'docs'].map((name) => join(root, name)).filter((path) => existsSync(path));
