import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const STALE_AFTER_MS = 60_000;
const TOUCH_EVERY_MS = 5_000;
const POLL_MS = 200;

const isRunning = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

const readOwner = async (folder) => {
  try {
    return JSON.parse(await readFile(join(folder, 'owner.json'), 'utf8'));
  } catch {
    return undefined; // its holder is about to write it, or has just let go
  }
};

/**
 * Whether nobody holds this lock any more: its holder is gone, or has not touched it for long.
 * @param {{pid: number, host: string} | undefined} owner
 * @param {number} ageMs since its holder last touched it
 * @param {{host: string, isRunning: (pid: number) => boolean}} here
 */
export const isStale = (owner, ageMs, here) =>
  ageMs > STALE_AFTER_MS || (owner !== undefined && owner.host === here.host && !here.isRunning(owner.pid));

async function breakIfStale(folder) {
  const owner = await readOwner(folder);
  const touched = await stat(folder).catch(() => undefined);
  if (!touched) return;
  if (!isStale(owner, Date.now() - touched.mtimeMs, { host: hostname(), isRunning })) return;
  const aside = `${folder}.stale-${process.pid}`;
  await rename(folder, aside).catch(() => undefined); // whoever renames it first has broken it
  await rm(aside, { recursive: true, force: true });
}

async function take(folder) {
  try {
    await mkdir(folder);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  await writeFile(join(folder, 'owner.json'), JSON.stringify({ pid: process.pid, host: hostname() }));
  return true;
}

/**
 * Runs `work` while no other process of this machine runs it under the same lock folder.
 * @template T
 * @param {string} folder
 * @param {() => Promise<T>} work
 * @param {() => void} onWait called once when somebody else holds the lock
 * @returns {Promise<T>}
 */
export async function withLock(folder, work, onWait) {
  await mkdir(dirname(folder), { recursive: true });
  for (let told = false; !(await take(folder)); await sleep(POLL_MS)) {
    if (!told) onWait();
    told = true;
    await breakIfStale(folder);
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(folder, now, now).catch(() => undefined);
  }, TOUCH_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    await rm(folder, { recursive: true, force: true });
  }
}
