import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** A Ctrl-C comes twice under npm: from the terminal and from npm. Only a later one means "at once". */
const SAME_SIGNAL_MS = 500;

/**
 * Runs a service as a child of this process: signals go on to it, once each, and it ends when this process does,
 * because it hears its end of the IPC channel close.
 * @param {string} root
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} its exit code
 */
export function runService(root, name, env) {
  const main = join(root, 'dist', 'services', name, 'main.js');
  const leash = pathToFileURL(join(root, 'dist', 'infra', 'start', 'supervisor', 'leash.js')).href;
  const child = spawn(process.execPath, ['--import', leash, '--enable-source-maps', main], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
    env,
  });
  let last = 0;
  const passOn = (signal) => {
    const now = Date.now();
    if (now - last < SAME_SIGNAL_MS) return;
    last = now;
    child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  }).finally(() => {
    for (const signal of SIGNALS) process.off(signal, passOn);
  });
}
