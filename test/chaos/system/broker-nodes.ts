import { join } from 'node:path';
import type { PrivateBroker } from '../../../infra/start/broker/broker.ts';
import { findRelease, installedRelease, type Release } from '../../../infra/start/broker/release/find-release.ts';
import { BROKER_VERSIONS, type BrokerVersion } from '../../../infra/start/broker/release/release.ts';
import { startRelease, startReleaseCluster } from '../../../infra/start/broker/release/start-release.ts';
import { startPrivateBroker } from '../../../infra/start/broker/start-private-broker.ts';
import { ExpectedFailure } from '../../../infra/start/expected-failure.ts';

export interface BrokerOptions {
  /** Any, when undefined. */
  readonly version: BrokerVersion | undefined;
  /** More than one are a cluster. */
  readonly size: number;
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly say: (line: string) => void;
}

interface BrokerNodes {
  /** By what RabbitMQ calls them; a single one by any name. */
  readonly nodes: ReadonlyMap<string, PrivateBroker>;
  stop(): Promise<void>;
}

/** @throws {ExpectedFailure} when there is no broker of that version on this machine, and why */
export async function startNodes(options: BrokerOptions): Promise<BrokerNodes> {
  if (options.size > 1) return await startReleaseCluster(await release(options), options.size, options.dataDir);
  const node = await single(options);
  return { nodes: new Map([['', node]]), stop: () => node.stop() };
}

async function single(options: BrokerOptions): Promise<PrivateBroker> {
  const { version, dataDir, cacheDir, say } = options;
  if (version === undefined) return await startPrivateBroker({ dataDir, cacheDir, throwAway: true, log: say });
  return await startRelease(await release(options), dataDir, say);
}

async function release({ version, cacheDir, say }: BrokerOptions): Promise<Release> {
  const [any = '4.0'] = BROKER_VERSIONS;
  const installed = version === undefined ? installedRelease() : undefined;
  const found = installed ?? (await findRelease(version ?? any, { cacheDir, log: say }));
  if (typeof found !== 'string') return found;
  throw new ExpectedFailure(
    `There is no RabbitMQ ${version ?? any} to be had here: ${found}\n` +
      `RABBITMQ_FOLDERS=${version ?? any}=FOLDER names a Debian file tree that has one (${join('usr', 'lib', 'rabbitmq')} in it).`,
  );
}
