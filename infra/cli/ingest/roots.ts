import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { UsageError } from '../errors.ts';
import { EXTENSIONS, kindOf } from './kinds.ts';

/** A path that was named on the command line. */
export interface Root {
  /** Absolute. */
  readonly path: string;
  readonly isFolder: boolean;
  /** The folder that names of files are relative to. */
  readonly base: string;
}

/**
 * What these paths are. What is in a folder is named after it, wherever the command is given, so that the names are the
 * same in every run: `docs/guide/a.md`. A single file has its path from the current folder, outside of it its bare name.
 * @throws {UsageError} when a path does not exist, or is a file of a kind that cannot be sent
 */
export const rootsOf = (paths: readonly string[], from = process.cwd()): Promise<Root[]> =>
  Promise.all(paths.map((path) => rootOf(resolve(from, path), from)));

async function rootOf(path: string, from: string): Promise<Root> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UsageError(`there is no ${path}`);
  if (found.isDirectory()) return { path, isFolder: true, base: dirname(path) };
  if (kindOf(path) !== undefined) return { path, isFolder: false, base: isInside(path, from) ? from : dirname(path) };
  throw new UsageError(`${basename(path)} cannot be sent: its name does not end in one of ${EXTENSIONS.join(' ')}`);
}

/** The path as the document's id shows it, with `/` on every system. */
export const nameOf = ({ base }: Root, path: string): string =>
  relative(base, path).split(sep).join('/').normalize('NFC');

/** Whether a name is that of a file in this folder. */
export const isOf = (root: Root, name: string): boolean =>
  root.isFolder && name.startsWith(`${nameOf(root, root.path)}/`);

export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`);
}
