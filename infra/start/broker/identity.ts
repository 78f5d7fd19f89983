import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './ports.ts';

/** Ports of one node, all on loopback. */
export interface NodePorts {
  readonly amqp: number;
  readonly management: number;
  /** Erlang distribution and its port mapper: only for the broker's own tools. */
  readonly distribution: number;
  readonly epmd: number;
}

/**
 * Who the node of a data folder is. It lies in that folder, because RabbitMQ finds its data by the node's name and
 * knows its first password for ever: both must stay when the folder is moved or the ports change.
 */
export interface Identity {
  readonly kind: 'native' | 'docker';
  readonly name: string;
  readonly user: string;
  readonly password: string;
  readonly ports: NodePorts;
  /** Names of all nodes of the cluster that this one belongs to. */
  readonly cluster?: readonly string[];
}

const identityFile = (folder: string): string => join(folder, 'identity.json');

export function readIdentity(folder: string): Identity | undefined {
  const file = identityFile(folder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Identity) : undefined;
}

function writeIdentity(folder: string, identity: Identity): void {
  const next = `${identityFile(folder)}.next`;
  writeFileSync(next, `${JSON.stringify(identity, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, identityFile(folder));
}

async function choosePorts(before: NodePorts | undefined): Promise<NodePorts> {
  const [amqp = 0, management = 0, distribution = 0, epmd = 0] = await freePorts([
    before?.amqp,
    before?.management,
    before?.distribution,
    before?.epmd,
  ]);
  return { amqp, management, distribution, epmd };
}

const nameOf = (folder: string): string => {
  const hash = createHash('sha256').update(realpathSync(folder)).update(randomBytes(8)).digest('hex').slice(0, 8);
  return `warren-${hash}`;
};

/**
 * The identity of the node in `folder`, made at first sight. Last run's ports are kept as far as they are still free.
 * @param fresh choose all ports anew, because one of the last was taken between choosing and listening
 */
export async function takeIdentity(folder: string, kind: Identity['kind'], fresh = false): Promise<Identity> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const before = readIdentity(folder);
  const identity: Identity = {
    kind,
    name: before?.name ?? nameOf(folder),
    user: before?.user ?? 'warren',
    password: before?.password ?? randomBytes(16).toString('hex'),
    ports: await choosePorts(fresh ? undefined : before?.ports),
  };
  writeIdentity(folder, identity);
  return identity;
}
