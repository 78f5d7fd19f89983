import { join } from 'node:path';
import { build, needsBuild } from './build.mjs';
import { install, needsInstall } from './install.mjs';
import { withLock } from './lock.mjs';
import { step } from './steps.mjs';

async function installAndBuild(root) {
  if (needsInstall(root)) await step('installing npm packages (npm ci)', () => install(root));
  if (needsBuild(root)) await step('building (tsc)', () => build(root));
}

/**
 * Makes the working copy ready to run. Safe when several commands start at once: one works, the others wait for it.
 * @param {string} root
 * @param {{quiet: boolean}} options quiet says nothing when there was nothing to do
 */
export async function prepare(root, { quiet }) {
  const since = performance.now();
  if (needsInstall(root) || needsBuild(root)) {
    const tellWait = () =>
      process.stderr.write('  … waiting for another command that installs or builds in this folder\n');
    await withLock(join(root, '.data', 'setup.lock'), () => installAndBuild(root), tellWait);
  } else if (!quiet) {
    const took = ((performance.now() - since) / 1000).toFixed(1);
    process.stderr.write(`  ✓ npm packages and build are up to date (${took} s)\n`);
  }
}
