import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This file runs from the sources and, one folder deeper, from `dist`. */
function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error('no package.json above this file');
  return findRoot(above);
}

/** The folder of the project's package.json. */
export const PROJECT_ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));
