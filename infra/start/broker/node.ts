import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PrivateBroker } from './broker.ts';
import { type BrokerProcess, startBrokerProcess } from './broker-process.ts';
import { control } from './control.ts';
import { untilHealthy } from './health.ts';
import type { Identity } from './identity.ts';
import { nodeEnv, outputOf, writeNodeFiles } from './node-files.ts';
import { revivable } from './revivable.ts';
import type { Toolchain } from './toolchain.ts';

const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 20_000;

/** The last lines of a log, for an error that should tell why without making anybody look. */
const tail = (file: string, lines = 15): string =>
  existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : '';

/** Resolves when the node of `folder` is healthy; one that is not in time is ended. @throws Error with the end of its log */
export async function healthy(node: BrokerProcess, identity: Identity, folder: string): Promise<void> {
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

/** Starts the node of `folder`. */
export function spawnNode(folder: string, identity: Identity, tools: Toolchain): BrokerProcess {
  writeNodeFiles(folder, identity);
  rmSync(join(folder, 'pid'), { force: true });
  const [command = tools.server, ...args] = [...tools.enter, tools.server];
  return startBrokerProcess({
    command,
    args,
    env: nodeEnv(folder, identity, tools),
    output: outputOf(folder),
  });
}

/** A node that runs, as a broker. */
export function nodeBroker(
  first: BrokerProcess,
  { folder, identity, tools }: { folder: string; identity: Identity; tools: Toolchain },
  afterStop: () => Promise<void>,
): PrivateBroker {
  const { user, password, ports } = identity;
  return revivable({
    address: {
      amqpUrl: `amqp://${user}:${password}@127.0.0.1:${ports.amqp}`,
      managementUrl: `http://127.0.0.1:${ports.management}`,
      user,
      password,
    },
    first,
    spawn: () => spawnNode(folder, identity, tools),
    untilHealthy: (run) => healthy(run, identity, folder),
    control: (words, tool) => control(nodeEnv(folder, identity, tools), tools, words, tool),
    stopTimeoutMs: STOP_TIMEOUT_MS,
    afterStop,
  });
}
