import { join } from 'node:path';
import type { PrivateBroker } from '../../infra/start/broker/broker.ts';
import { findRelease, installedRelease, type Release } from '../../infra/start/broker/release/find-release.ts';
import { BROKER_VERSIONS, type BrokerVersion } from '../../infra/start/broker/release/release.ts';
import { startRelease } from '../../infra/start/broker/release/start-release.ts';
import { startPrivateBroker } from '../../infra/start/broker/start-private-broker.ts';
import { PROJECT_ROOT } from '../../infra/start/project-root.ts';

/** Where trees of versions are kept. */
const CACHE = join(PROJECT_ROOT, '.data', 'cache');

/** The version that WARREN_TEST_RABBITMQ names, for tests that start nodes of their own. */
export function wantedVersion(
  { WARREN_TEST_RABBITMQ: name }: NodeJS.ProcessEnv = process.env,
): BrokerVersion | undefined {
  const version = BROKER_VERSIONS.find((each) => each === name);
  if (name && version === undefined)
    throw new Error(`WARREN_TEST_RABBITMQ is "${name}"; it is ${BROKER_VERSIONS.join(', ')} or unset`);
  return version;
}

/** RabbitMQ of that version, or else the one on this machine. @returns why there is none, when there is none */
export async function testRelease(): Promise<Release | string> {
  const version = wantedVersion();
  if (version !== undefined) return await findRelease(version, { cacheDir: CACHE, log: () => undefined });
  return installedRelease() ?? 'there is no rabbitmq-server on this machine';
}

/** A broker for a test that kills it: of the version that is wanted, or any. The caller removes `dataDir`. */
export async function startOwnBroker(dataDir: string): Promise<PrivateBroker> {
  const log = () => undefined;
  if (wantedVersion() === undefined) return await startPrivateBroker({ dataDir, log });
  const release = await testRelease();
  if (typeof release === 'string') throw new Error(release);
  return await startRelease(release, dataDir, log);
}
