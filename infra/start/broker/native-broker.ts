import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log, PrivateBroker } from './broker.ts';
import { type BrokerProcess, isRunning, untilGone } from './broker-process.ts';
import { type Epmd, startEpmd } from './epmd.ts';
import { type Identity, takeIdentity } from './identity.ts';
import { healthy, nodeBroker, spawnNode } from './node.ts';
import type { Toolchain } from './toolchain.ts';

const PREDECESSOR_TIMEOUT_MS = 15_000;
const START_TRIES = 3;

/** One line of `/proc/<pid>/cmdline` tells our node from a stranger that was given the same pid. */
const isOurNode = (pid: number, name: string): boolean => {
  const commandLine = `/proc/${pid}/cmdline`;
  return existsSync(commandLine) && readFileSync(commandLine, 'utf8').includes(name);
};

/** A node whose parent was killed needs a moment to notice; two nodes must never share one data folder. */
async function untilPredecessorIsGone(folder: string, name: string, log: Log): Promise<void> {
  const file = join(folder, 'pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Number.NaN;
  if (!(pid > 0) || !isRunning(pid) || !isOurNode(pid, name)) return;
  log(`waiting for the last RabbitMQ on this folder to end (pid ${pid})`);
  if (await untilGone(pid, PREDECESSOR_TIMEOUT_MS)) return;
  process.kill(pid, 'SIGKILL');
  await untilGone(pid, PREDECESSOR_TIMEOUT_MS);
}

interface Running {
  readonly identity: Identity;
  readonly epmd: Epmd;
  readonly node: BrokerProcess;
}

async function startOnce(folder: string, tools: Toolchain, log: Log, fresh: boolean): Promise<Running> {
  const identity = await takeIdentity(folder, 'native', fresh);
  await untilPredecessorIsGone(folder, identity.name, log);
  const epmd = await startEpmd(tools, identity.ports.epmd);
  try {
    const node = spawnNode(folder, identity, tools);
    await healthy(node, identity, folder);
    return { identity, epmd, node };
  } catch (error) {
    await epmd.stop();
    throw error;
  }
}

/** A port can be taken by somebody else between our choosing it and the node's listening on it: then choose again. */
async function start(folder: string, tools: Toolchain, log: Log): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(folder, tools, log, attempt > 1);
    } catch (error) {
      const taken = /eaddrinuse|already in use/i.test((error as Error).message);
      if (!taken || attempt === START_TRIES) throw error;
      log('a port was taken meanwhile; starting RabbitMQ on others');
    }
  }
}

/**
 * Starts a private node on `folder` from RabbitMQ's files on this machine; resolves when it is healthy.
 * It ends with this process, even when this process is killed.
 */
export async function startNativeBroker(
  folder: string,
  tools: Toolchain,
  log: Log,
  afterStop: () => void = () => undefined,
): Promise<PrivateBroker> {
  const { identity, epmd, node } = await start(folder, tools, log);
  return nodeBroker(node, { folder, identity, tools }, () => epmd.stop().finally(afterStop));
}
