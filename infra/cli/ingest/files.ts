import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { UsageError } from '../errors.ts';

/** What can be sent, by extension. */
export const MIME_TYPES: Readonly<Record<string, string>> = {
  '.md': 'text/markdown',
  '.markdown': 'text/markdown',
  '.txt': 'text/plain',
  '.text': 'text/plain',
  '.html': 'text/html',
  '.htm': 'text/html',
};
const SKIPPED_FOLDERS: ReadonlySet<string> = new Set(['node_modules']);

export interface File {
  readonly path: string;
  /** The path as the document's id shows it: the same in every run, with `/` on every system. */
  readonly name: string;
}

/**
 * The files at or below these paths that can be sent, in order; hidden ones are left out, and folders of packages.
 * Names are relative to the current folder, for paths outside of it to the folder that holds the path.
 * @throws {UsageError} when a path does not exist, or is a file of a kind that cannot be sent
 */
export async function filesIn(paths: readonly string[], from = process.cwd()): Promise<File[]> {
  const found = new Map<string, File>();
  for (const given of paths) {
    const path = resolve(from, given);
    const base = isInside(path, from) ? from : dirname(path);
    for await (const file of walk(path)) {
      const name = relative(base, file).split(sep).join('/').normalize('NFC');
      const twin = found.get(name);
      if (twin !== undefined && twin.path !== file)
        throw new UsageError(`${twin.path} and ${file} would have the same id "${name}"`);
      found.set(name, { path: file, name });
    }
  }
  return [...found.values()];
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`);
}

async function* walk(path: string): AsyncGenerator<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UsageError(`there is no ${path}`);
  if (found.isDirectory()) yield* walkFolder(path);
  else if (isSendable(path)) yield path;
  else
    throw new UsageError(
      `${basename(path)} cannot be sent: its name does not end in one of ${Object.keys(MIME_TYPES).join(' ')}`,
    );
}

/** Links to folders are not followed: they may lead in circles. */
async function* walkFolder(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) yield* walkFolder(path);
    else if (isSendable(path) && (entry.isFile() || (await isLinkToFile(path, entry.isSymbolicLink())))) yield path;
  }
}

const isSendable = (path: string): boolean => extname(path).toLowerCase() in MIME_TYPES;

const isLinkToFile = async (path: string, isLink: boolean): Promise<boolean> =>
  isLink &&
  (await stat(path)
    .then((found) => found.isFile())
    .catch(() => false));
