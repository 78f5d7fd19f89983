import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PrivateBroker } from './broker.ts';
import { startEpmd } from './epmd.ts';
import type { Identity } from './identity.ts';
import { healthy, nodeBroker, spawnNode } from './node.ts';
import { nodeName, writeCookie } from './node-files.ts';
import { freePorts } from './ports.ts';
import type { Toolchain } from './toolchain.ts';

/** Several nodes on loopback that are one broker. */
export interface Cluster {
  /** By their Erlang names, as RabbitMQ tells who leads a queue, e.g. `warren-1f2e-1@localhost`. */
  readonly nodes: ReadonlyMap<string, PrivateBroker>;
  stop(): Promise<void>;
}

interface ClusterOptions {
  readonly folder: string;
  readonly size: number;
  readonly tools: Toolchain;
  readonly afterStop: () => void;
}

async function identities(size: number): Promise<Identity[]> {
  const cluster = `warren-${randomBytes(4).toString('hex')}`;
  const names = Array.from({ length: size }, (_, n) => `${cluster}-${n + 1}`);
  const password = randomBytes(16).toString('hex');
  const [epmd = 0, ...ports] = await freePorts(Array(1 + 3 * size).fill(undefined));
  return names.map((name, n) => {
    const [amqp = 0, management = 0, distribution = 0] = ports.slice(3 * n);
    return {
      kind: 'native',
      name,
      user: 'warren',
      password,
      ports: { amqp, management, distribution, epmd },
      cluster: names,
    };
  });
}

/** Starts a new cluster; resolves when every node is healthy. It ends with this process, even when that is killed. */
export async function startCluster({ folder, size, tools, afterStop }: ClusterOptions): Promise<Cluster> {
  const members = (await identities(size)).map((identity) => ({
    folder: join(folder, identity.name),
    identity,
    tools,
  }));
  const secret = randomBytes(16).toString('hex');
  for (const member of members) {
    mkdirSync(member.folder, { recursive: true, mode: 0o700 });
    writeCookie(member.folder, secret);
  }
  const epmd = await startEpmd(tools, members[0]?.identity.ports.epmd ?? 0);
  const runs = members.map((member) => ({ ...member, run: spawnNode(member.folder, member.identity, tools) }));
  try {
    await Promise.all(runs.map(({ run, identity, folder }) => healthy(run, identity, folder)));
  } catch (error) {
    for (const { run } of runs) run.kill('SIGKILL');
    await Promise.all(runs.map(({ run }) => run.exited));
    await epmd.stop();
    throw error;
  }
  const nodes = new Map(
    runs.map(({ run, ...member }) => [nodeName(member.identity.name), nodeBroker(run, member, async () => undefined)]),
  );
  return {
    nodes,
    stop: async () => {
      await Promise.all([...nodes.values()].map((node) => node.stop()));
      await epmd.stop().finally(afterStop);
    },
  };
}
