import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { ExpectedError } from './expected-error.mjs';
import { runProgram } from './run-program.mjs';

const SOURCE_FOLDERS = ['services', 'shared', 'infra'];
const CONFIGURATION = ['tsconfig.json', 'tsconfig.build.json', 'node_modules/typescript/package.json'];
/** Files that programs read at run time and the compiler does not carry over. */
const ASSETS = new Set(['.sql', '.html', '.css', '.svg', '.json', '.txt']);

const stampFile = (root) => join(root, 'dist', '.warren-built');

const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

const isCode = (file) => file.endsWith('.ts') && !file.endsWith('.d.ts');
const isAsset = (file) => ASSETS.has(extname(file));

const sources = (root) =>
  SOURCE_FOLDERS.map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap(filesBelow)
    .filter((file) => isCode(file) || isAsset(file))
    .sort();

/**
 * A hash of all that the build depends on. Contents, not times: a checkout or a copy of the folder changes only times.
 * @param {string} root
 */
export function fingerprint(root) {
  const hash = createHash('sha256');
  const configuration = CONFIGURATION.map((file) => join(root, file)).filter((file) => existsSync(file));
  for (const file of [...configuration, ...sources(root)]) {
    hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/**
 * Whether `dist` is missing or was built from other sources than these.
 * @param {string} root
 */
export const needsBuild = (root) =>
  !existsSync(stampFile(root)) || readFileSync(stampFile(root), 'utf8') !== fingerprint(root);

const inDist = (root, file) => join(root, 'dist', relative(root, file));

function copyAssets(root) {
  for (const file of sources(root).filter(isAsset)) {
    mkdirSync(dirname(inDist(root, file)), { recursive: true });
    copyFileSync(file, inDist(root, file));
  }
}

/** What was built from a source that is gone must go too: folders of migrations are read whole. */
function removeLeftovers(root) {
  const expected = new Set([stampFile(root)]);
  for (const file of sources(root)) {
    const built = inDist(root, file);
    for (const output of isAsset(file) ? [built] : [built.replace(/\.ts$/, '.js'), built.replace(/\.ts$/, '.js.map')]) {
      expected.add(output);
    }
  }
  for (const file of filesBelow(join(root, 'dist'))) if (!expected.has(file)) rmSync(file);
}

/** Compiles the sources into `dist`, and stamps it with what they were before. */
export async function build(root) {
  const before = fingerprint(root);
  rmSync(stampFile(root), { force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, output } = await runProgram(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root });
  if (code !== 0) throw new ExpectedError(`The build failed:\n\n${output.trim()}`);
  copyAssets(root);
  removeLeftovers(root);
  writeFileSync(stampFile(root), before);
}
