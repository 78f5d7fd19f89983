import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Log, PrivateBroker } from './broker.ts';
import { type BrokerProcess, startBrokerProcess } from './broker-process.ts';
import { untilHealthy } from './health.ts';
import { type Identity, takeIdentity } from './identity.ts';
import { outputOf } from './node-files.ts';
import { CONSUMER_TIMEOUT_MS, WAL_BYTES } from './node-limits.ts';
import { revivable } from './revivable.ts';
import { lastLines, runTool } from './run-tool.ts';
import { searchPath, which } from './toolchain.ts';

const IMAGE = 'rabbitmq:4-management';
const INFO_TIMEOUT_MS = 5_000;
const PULL_TIMEOUT_MS = 900_000;
const COMMAND_TIMEOUT_MS = 30_000;
const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 30_000;
const AMQP_IN_CONTAINER = 5672;
const MANAGEMENT_IN_CONTAINER = 15672;

const docker = (args: readonly string[], timeoutMs = COMMAND_TIMEOUT_MS) => runTool('docker', args, { timeoutMs });

/** Why Docker cannot be used here; undefined when its engine answers. */
export async function dockerUnsuitable(): Promise<string | undefined> {
  if (!which('docker', searchPath(process.env))) return 'not installed';
  const info = await docker(['info', '--format', '{{.ServerVersion}}'], INFO_TIMEOUT_MS);
  return info.code === 0 && info.output.trim() !== ''
    ? undefined
    : `its engine does not answer (${lastLines(info, 1)})`;
}

/** Marks the container of this data folder, so that one left behind is found again. */
const labelOf = (folder: string): string =>
  `warren.data=${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`;

/** Arguments of `docker run`. The container hears our standard input: it ends when we do, however we end. */
export const runArguments = (folder: string, { name, user, password, ports }: Identity): string[] => [
  'run',
  '--rm',
  '--interactive',
  ...['--name', name, '--hostname', name, '--label', labelOf(folder)],
  ...['--publish', `127.0.0.1:${ports.amqp}:${AMQP_IN_CONTAINER}`],
  ...['--publish', `127.0.0.1:${ports.management}:${MANAGEMENT_IN_CONTAINER}`],
  ...['--volume', `${name}:/var/lib/rabbitmq`],
  ...['--env', `RABBITMQ_DEFAULT_USER=${user}`],
  ...['--env', `RABBITMQ_DEFAULT_PASS=${password}`],
  ...[
    '--env',
    `RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-rabbit consumer_timeout ${CONSUMER_TIMEOUT_MS} -ra wal_max_size_bytes ${WAL_BYTES}`,
  ],
  ...['--env', 'RABBITMQ_ALLOW_INPUT=1'],
  IMAGE,
];

/** Removes containers that an earlier run on this folder left behind; its data is in the volume. */
async function removeLeftovers(folder: string): Promise<void> {
  const { output } = await docker(['ps', '--all', '--quiet', '--filter', `label=${labelOf(folder)}`]);
  const ids = output.split('\n').filter(Boolean);
  if (ids.length > 0) await docker(['rm', '--force', ...ids]);
}

async function pullOnce(log: Log): Promise<void> {
  if ((await docker(['image', 'inspect', IMAGE])).code === 0) return;
  log(`pulling the image ${IMAGE}`);
  const pull = await docker(['pull', '--quiet', IMAGE], PULL_TIMEOUT_MS);
  if (pull.code !== 0) throw new Error(`docker pull ${IMAGE}: ${lastLines(pull)}`);
}

/** Ends what is left of a broker; a throw-away one takes its data along. */
async function tidyUp(folder: string, name: string, throwAway: boolean): Promise<void> {
  await removeLeftovers(folder);
  if (throwAway) await docker(['volume', 'rm', '--force', name]);
}

/** Killing the client would leave the container; so both are told. */
function containerProcess(folder: string, identity: Identity): BrokerProcess {
  mkdirSync(join(folder, 'log'), { recursive: true });
  const args = runArguments(folder, identity);
  const client = startBrokerProcess({ command: 'docker', args, env: process.env, output: outputOf(folder) });
  return {
    ...client,
    kill: (signal) => void docker(['kill', '--signal', signal.replace(/^SIG/, ''), identity.name]),
  };
}

/**
 * Starts a private broker in a container on free loopback ports; resolves when it is healthy.
 * @param throwAway its data is of no use after `stop`
 * @throws Error when the image cannot be had or the container does not become healthy
 */
export async function startDockerBroker(folder: string, log: Log, throwAway = false): Promise<PrivateBroker> {
  await pullOnce(log);
  await removeLeftovers(folder);
  const identity = await takeIdentity(folder, 'docker');
  const { user, password, ports } = identity;
  const managementUrl = `http://127.0.0.1:${ports.management}`;
  const question = { managementUrl, user, password, listener: AMQP_IN_CONTAINER };
  const healthy = (run: BrokerProcess) => untilHealthy(question, run.ended, START_TIMEOUT_MS);
  const first = containerProcess(folder, identity);
  try {
    await healthy(first);
  } catch (error) {
    await removeLeftovers(folder);
    throw error;
  }
  return revivable({
    address: { amqpUrl: `amqp://${user}:${password}@127.0.0.1:${ports.amqp}`, managementUrl, user, password },
    first,
    spawn: () => containerProcess(folder, identity),
    untilHealthy: healthy,
    control: async (words, tool = 'rabbitmqctl') => {
      const run = await docker(['exec', identity.name, tool, '--quiet', ...words]);
      if (run.code !== 0) throw new Error(`${tool} ${words.join(' ')}: ${lastLines(run)}`);
      return run.output;
    },
    stopTimeoutMs: STOP_TIMEOUT_MS,
    afterStop: () => tidyUp(folder, identity.name, throwAway),
  });
}
