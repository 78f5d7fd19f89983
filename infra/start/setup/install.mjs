import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExpectedError } from './expected-error.mjs';
import { runProgram } from './run-program.mjs';

const stampFile = (root) => join(root, 'node_modules', '.warren-installed');
const lockFile = (root) => join(root, 'package-lock.json');

const readJson = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);

/** Native packages are chosen by platform, so a stamp counts only on the platform that wrote it. */
const stampOf = (root) =>
  createHash('sha256')
    .update(readFileSync(lockFile(root)))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');

/**
 * Whether what npm says it installed is what the lock file asks for. Packages for other platforms may be missing.
 * @param {{packages: Record<string, {version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean}>} | undefined} lock
 * @param {{packages: Record<string, {version?: string}>} | undefined} installed npm's own list in node_modules
 */
export function matchesLock(lock, installed) {
  if (!lock || !installed) return false;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed.packages[path];
    return found ? found.version === wanted.version : Boolean(wanted.optional || wanted.devOptional);
  });
}

/**
 * Whether `npm ci` must run: never installed, or the lock file has changed since.
 * @param {string} root
 */
export function needsInstall(root) {
  const stamp = stampFile(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf(root)) return false;
  if (!matchesLock(readJson(lockFile(root)), readJson(join(root, 'node_modules', '.package-lock.json')))) return true;
  try {
    writeFileSync(stamp, stampOf(root)); // somebody ran npm themselves: nothing is left to do
  } catch {
    // a folder that we may only read needs no stamp
  }
  return false;
}

const npm = () => {
  const script = process.env.npm_execpath;
  return script && /npm-cli\.c?js$/.test(script) ? [process.execPath, script] : ['npm'];
};

const failure = (code, output) => `npm ci failed (exit code ${code}):

${output.trim().split('\n').slice(0, 20).join('\n')}

Warren's packages come from the npm registry that npm is configured with. Check the network, a proxy (npm config get proxy)
and the disk, then run the same command again. When npm itself is missing, install it beside Node.js.`;

/** Installs exactly what package-lock.json names. */
export async function install(root) {
  const [program, ...first] = npm();
  const args = [...first, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await runProgram(program, args, { cwd: root });
  if (code !== 0) throw new ExpectedError(failure(code, output));
  writeFileSync(stampFile(root), stampOf(root));
}
