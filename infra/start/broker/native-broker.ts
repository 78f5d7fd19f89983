import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Log, PrivateBroker } from './broker.ts';
import { type BrokerProcess, isRunning, startBrokerProcess, untilGone } from './broker-process.ts';
import { type Epmd, startEpmd } from './epmd.ts';
import { untilHealthy } from './health.ts';
import { type Identity, takeIdentity } from './identity.ts';
import { nodeEnv, outputOf, writeNodeFiles } from './node-files.ts';
import { revivable } from './revivable.ts';
import type { Toolchain } from './toolchain.ts';

const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 20_000;
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

/** The last lines of a log, for an error that should tell why without making anybody look. */
const tail = (file: string, lines = 15): string =>
  existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : '';

async function healthy(node: BrokerProcess, identity: Identity, folder: string): Promise<void> {
  const { user, password, ports } = identity;
  const output = outputOf(folder);
  const managementUrl = `http://127.0.0.1:${ports.management}`;
  try {
    await untilHealthy({ managementUrl, user, password, listener: ports.amqp }, node.ended, START_TIMEOUT_MS);
  } catch (error) {
    node.kill('SIGKILL');
    await node.exited;
    throw new Error(`${(error as Error).message}; the end of ${output}:\n${tail(output)}`, { cause: error });
  }
}

function spawnNode(folder: string, identity: Identity, tools: Toolchain): BrokerProcess {
  writeNodeFiles(folder, identity);
  rmSync(join(folder, 'pid'), { force: true });
  return startBrokerProcess({
    command: tools.server,
    args: [],
    env: nodeEnv(folder, identity, tools),
    output: outputOf(folder),
  });
}

interface Running {
  readonly identity: Identity;
  readonly epmd: Epmd;
  readonly node: BrokerProcess;
}

async function startOnce(folder: string, tools: Toolchain, log: Log, fresh: boolean): Promise<Running> {
  const identity = await takeIdentity(folder, 'native', fresh);
  await untilPredecessorIsGone(folder, identity.name, log);
  const epmd = await startEpmd(tools.epmd, identity.ports.epmd);
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
export async function startNativeBroker(folder: string, tools: Toolchain, log: Log): Promise<PrivateBroker> {
  const { identity, epmd, node } = await start(folder, tools, log);
  const { user, password, ports } = identity;
  return revivable({
    address: {
      amqpUrl: `amqp://${user}:${password}@127.0.0.1:${ports.amqp}`,
      managementUrl: `http://127.0.0.1:${ports.management}`,
      user,
      password,
    },
    first: node,
    spawn: () => spawnNode(folder, identity, tools),
    untilHealthy: (run) => healthy(run, identity, folder),
    stopTimeoutMs: STOP_TIMEOUT_MS,
    afterStop: () => epmd.stop(),
  });
}
