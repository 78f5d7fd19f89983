import { aptUnsuitable, installByApt } from './apt.ts';
import type { Log, PrivateBroker } from './broker.ts';
import { dockerUnsuitable, startDockerBroker } from './docker.ts';
import type { Identity } from './identity.ts';
import { findInstalled } from './installed.ts';
import { startNativeBroker } from './native-broker.ts';
import { findUnpacked, unpackPackages, unpackUnsuitable } from './unpacked.ts';

/** Where a broker is to keep its data, and we our downloads. */
export interface Places {
  /** The node's data. */
  readonly folder: string;
  /** Packages that were unpacked, for all later starts. */
  readonly cacheDir: string;
  /** The data folder goes when the broker is stopped. */
  readonly throwAway: boolean;
  readonly log: Log;
}

/** One way to a broker: a broker, or why this way leads nowhere. */
export interface Way {
  /** For WARREN_SKIP_BROKER. */
  readonly id: string;
  readonly name: string;
  readonly kind: Identity['kind'];
  tryIt(places: Places): Promise<PrivateBroker | string>;
}

const installed: Way = {
  id: 'installed',
  name: 'rabbitmq-server on this machine',
  kind: 'native',
  async tryIt({ folder, log }) {
    const tools = findInstalled(process.env);
    return tools ? startNativeBroker(folder, tools, log) : 'not found';
  },
};

const container: Way = {
  id: 'docker',
  name: 'Docker',
  kind: 'docker',
  async tryIt({ folder, throwAway, log }) {
    const unsuitable = await dockerUnsuitable();
    if (unsuitable !== undefined) return unsuitable;
    return startDockerBroker(folder, log, throwAway).catch((error: Error) => error.message);
  },
};

const byApt: Way = {
  id: 'apt',
  name: 'apt-get install rabbitmq-server',
  kind: 'native',
  async tryIt({ folder, log }) {
    const why = aptUnsuitable() ?? (await installByApt(log));
    if (why !== undefined) return why;
    const tools = findInstalled(process.env);
    return tools ? startNativeBroker(folder, tools, log) : 'installed, but rabbitmq-server was not found after that';
  },
};

const byUnpacking: Way = {
  id: 'unpack',
  name: "Debian's packages, unpacked without root",
  kind: 'native',
  async tryIt({ folder, cacheDir, log }) {
    const before = findUnpacked(cacheDir);
    if (before) return startNativeBroker(folder, before, log);
    const why = unpackUnsuitable() ?? (await unpackPackages(cacheDir, log));
    if (why !== undefined) return why;
    const tools = findUnpacked(cacheDir);
    return tools ? startNativeBroker(folder, tools, log) : 'the packages hold no rabbitmq-server';
  },
};

/** In this order: what is there already, what leaves no trace, what the system offers, what needs nothing of it. */
export const WAYS: readonly Way[] = [installed, container, byApt, byUnpacking];

/**
 * The ways for a data folder: data that a container wrote is not found by a node beside it, nor the other way round, so
 * the kind that was used before goes first.
 */
export const waysFor = (ways: readonly Way[], before: Identity['kind'] | undefined): readonly Way[] =>
  before === undefined
    ? ways
    : [...ways.filter(({ kind }) => kind === before), ...ways.filter(({ kind }) => kind !== before)];
