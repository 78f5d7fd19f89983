import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Log, PrivateBroker } from '../broker.ts';
import { type Cluster, startCluster } from '../cluster.ts';
import { startNativeBroker } from '../native-broker.ts';
import type { Release } from './find-release.ts';

/** Calls `start` with a folder that programs of the release can see; it is removed when `start` fails, or by `remove`. */
async function inHome<Started>(
  { tools }: Release,
  dataDir: string,
  start: (folder: string, remove: () => void) => Promise<Started>,
): Promise<Started> {
  // The programs of a tree see nothing outside of it, so the data must lie in there.
  const home = tools.root === '/' ? dataDir : join(tools.root, 'srv', `warren-${randomUUID().slice(0, 8)}`);
  const folder = join(home, 'broker');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const remove = () => {
    if (home !== dataDir) rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    return await start(folder, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

/** A throw-away node of one version; `stop` takes its data along. */
export const startRelease = (release: Release, dataDir: string, log: Log): Promise<PrivateBroker> =>
  inHome(release, dataDir, (folder, remove) => startNativeBroker(folder, release.tools, log, remove));

/** A throw-away cluster of nodes of one version; `stop` takes its data along. */
export const startReleaseCluster = (release: Release, size: number, dataDir: string): Promise<Cluster> =>
  inHome(release, dataDir, (folder, remove) => startCluster({ folder, size, tools: release.tools, afterStop: remove }));
