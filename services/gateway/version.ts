import { existsSync, readFileSync } from 'node:fs';

/** Version of the project, from the nearest package.json above this file (it runs from the sources and from dist). */
export const VERSION: string = versionAbove(new URL('.', import.meta.url));

function versionAbove(folder: URL): string {
  const file = new URL('package.json', folder);
  if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  const parent = new URL('..', folder);
  if (parent.href === folder.href) throw new Error('no package.json above the gateway');
  return versionAbove(parent);
}
