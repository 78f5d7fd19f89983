import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Log, PrivateBroker } from './broker.ts';
import { readIdentity } from './identity.ts';
import { type Miss, NoBrokerError } from './no-broker.ts';
import { WAYS, waysFor } from './ways.ts';

export interface PrivateBrokerOptions {
  /** Folder that keeps the node's data below `broker/`; the same folder brings the same node back. */
  readonly dataDir: string;
  /** Folder for packages that had to be downloaded. @default `cache` in `dataDir` */
  readonly cacheDir?: string;
  /** The caller removes `dataDir` after `stop`: then nothing else of the data may stay either. @default false */
  readonly throwAway?: boolean;
  readonly log: Log;
}

/** Comma-separated names of ways to leave out, e.g. `installed,docker`; lets a machine that has one try the others. */
const skipped = (env: NodeJS.ProcessEnv): ReadonlySet<string> => new Set((env.WARREN_SKIP_BROKER ?? '').split(','));

/**
 * Starts a RabbitMQ of our own on loopback; resolves when it is healthy. It ends with this process, however that ends.
 * @throws {NoBrokerError} when there is no way to a broker on this machine
 */
export async function startPrivateBroker(options: PrivateBrokerOptions): Promise<PrivateBroker> {
  const { dataDir, cacheDir, throwAway = false, log } = options;
  const folder = resolve(join(dataDir, 'broker'));
  const places = { folder, cacheDir: resolve(cacheDir ?? join(dataDir, 'cache')), throwAway, log };
  for (const place of [places.folder, places.cacheDir]) mkdirSync(place, { recursive: true, mode: 0o700 });
  const skip = skipped(process.env);
  const misses: Miss[] = [];
  for (const way of waysFor(WAYS, readIdentity(folder)?.kind)) {
    const found = skip.has(way.id) ? 'left out by WARREN_SKIP_BROKER' : await way.tryIt(places);
    if (typeof found !== 'string') return found;
    misses.push({ way: way.name, why: found });
  }
  throw new NoBrokerError(misses);
}
