import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UsageError } from '../errors.ts';
import { kindOf } from './kinds.ts';
import { nameOf, type Root } from './roots.ts';

const SKIPPED_FOLDERS: ReadonlySet<string> = new Set(['node_modules']);

export interface File {
  /** Absolute. */
  readonly path: string;
  /** What its document is called, see `nameOf`. */
  readonly name: string;
}

/**
 * The files at or below these paths that can be sent, in order; hidden ones are left out, and folders of packages.
 * @throws {UsageError} when two of them would have the same name
 */
export async function filesIn(roots: readonly Root[]): Promise<File[]> {
  const found = new Map<string, File>();
  for (const root of roots) {
    for await (const path of walk(root)) {
      const name = nameOf(root, path);
      const twin = found.get(name);
      if (twin !== undefined && twin.path !== path)
        throw new UsageError(`${twin.path} and ${path} would have the same id "${name}"; send them by themselves`);
      found.set(name, { path, name });
    }
  }
  return [...found.values()];
}

/** Neither hidden nor a folder of packages. */
export const isVisible = (path: string): boolean => {
  const name = basename(path);
  return !name.startsWith('.') && !SKIPPED_FOLDERS.has(name);
};

const walk = (root: Root): AsyncIterable<string> | string[] => (root.isFolder ? walkFolder(root.path) : [root.path]);

/** Links to folders are not followed: they may lead in circles. */
async function* walkFolder(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (!isVisible(path)) continue;
    if (entry.isDirectory()) yield* walkFolder(path);
    else if (kindOf(path) !== undefined && (await isFile(path, entry))) yield path;
  }
}

const isFile = async (path: string, entry: Dirent): Promise<boolean> =>
  entry.isFile() || (entry.isSymbolicLink() && ((await stat(path).catch(() => undefined))?.isFile() ?? false));
