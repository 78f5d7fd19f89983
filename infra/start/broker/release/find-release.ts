import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Log } from '../broker.ts';
import { findInstalled } from '../installed.ts';
import type { Toolchain } from '../toolchain.ts';
import { makeTree } from './make-tree.ts';
import { type BrokerVersion, RELEASES } from './release.ts';
import { treeToolchain, treeUnsuitable, treeVersion } from './tree.ts';

/** A RabbitMQ of the version that was asked for. */
export interface Release {
  readonly tools: Toolchain;
  /** Whole, e.g. `4.0.5`. */
  readonly version: string;
}

interface FindOptions {
  /** Keeps the trees that were made. */
  readonly cacheDir: string;
  readonly log: Log;
  readonly env?: NodeJS.ProcessEnv;
}

/** Comma-separated `VERSION=FOLDER`: Debian file trees with RabbitMQ that are there already. */
function givenTree(version: BrokerVersion, env: NodeJS.ProcessEnv): string | undefined {
  const entries = (env.RABBITMQ_FOLDERS ?? '').split(',').map((entry) => entry.trim().split('='));
  const folder = entries.find(([name]) => name === version)?.[1];
  return folder === undefined ? undefined : resolve(folder);
}

/** The RabbitMQ that is installed on this machine, when its version is known. */
export function installedRelease(env: NodeJS.ProcessEnv = process.env): Release | undefined {
  const tools = findInstalled(env);
  const version = tools && /rabbitmq_server-([\d.]+)/.exec(realpathSync(tools.server))?.[1];
  return tools && version ? { tools, version } : undefined;
}

const isOf = (version: string, wanted: BrokerVersion): boolean => version.startsWith(`${wanted}.`);

/**
 * A RabbitMQ of this version: the one on this machine, that of a folder named in RABBITMQ_FOLDERS, or that of a folder
 * which is made once and kept in `cacheDir`.
 * @returns why there is none, when there is none
 */
export async function findRelease(
  wanted: BrokerVersion,
  { cacheDir, log, env = process.env }: FindOptions,
): Promise<Release | string> {
  const given = givenTree(wanted, env);
  const installed = given === undefined ? installedRelease(env) : undefined;
  if (installed && isOf(installed.version, wanted)) return installed;
  const root = given ?? join(resolve(cacheDir), `rabbitmq-${wanted}`);
  if (given === undefined && !existsSync(root)) {
    const why = await makeTree(RELEASES[wanted], root, log);
    if (why !== undefined) return why;
  }
  const why = await treeUnsuitable(root);
  if (why !== undefined) return why;
  const version = treeVersion(root) ?? 'of no known version';
  if (!isOf(version, wanted)) return `the RabbitMQ in ${root} is ${version}`;
  return { tools: treeToolchain(root), version };
}
