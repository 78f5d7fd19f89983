import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers';
import type { BrokerAddress } from '../../infra/start/broker/broker.ts';
import { untilHealthy } from '../../infra/start/broker/health.ts';
import type { NodePorts } from '../../infra/start/broker/identity.ts';
import { nodeConfig } from '../../infra/start/broker/node-files.ts';
import { freePorts } from '../../infra/start/broker/ports.ts';

const IMAGE = 'rabbitmq:4-management';
const USER = 'warren';
const AMQP_IN_CONTAINER = 5672;
const MANAGEMENT_IN_CONTAINER = 15672;
const START_TIMEOUT_MS = 180_000;
const HEALTHY_TIMEOUT_MS = 30_000;
const LOG_LINES_KEPT = 30;

const NO_ENGINE = `WARREN_TEST_BROKER=container takes the tests' RabbitMQ from a container engine, and none answers.

  start Docker               the tests then pull ${IMAGE} (WARREN_TEST_BROKER_IMAGE names another image)
  an engine elsewhere        DOCKER_HOST=unix:///path/to/docker.sock
  an engine with no bridge   WARREN_TEST_BROKER_NETWORK=host, too
  no engine at all           unset WARREN_TEST_BROKER: npm test then starts a private RabbitMQ
`;

type Needed = BrokerAddress & { readonly managementUrl: string; readonly user: string; readonly password: string };

/** A RabbitMQ in a container of this run's own. */
export interface ContainerBroker extends Needed {
  /** Ends and removes the container with its data. */
  stop(): Promise<void>;
}

/** A container to start, and the ports where it will be found. */
interface Plan {
  readonly container: GenericContainer;
  /** As the broker itself knows its AMQP port. */
  readonly listener: number;
  portsOf(started: StartedTestContainer): Pick<NodePorts, 'amqp' | 'management'>;
}

/**
 * Starts WARREN_TEST_BROKER_IMAGE (default `rabbitmq:4-management`) with its ports mapped to free ones; with
 * WARREN_TEST_BROKER_NETWORK=host on free ports of this machine's loopback. Resolves when the broker is healthy.
 * @throws Error that says what to do when no engine answers, or with the end of the container's log
 */
export async function startContainerBroker(env: NodeJS.ProcessEnv = process.env): Promise<ContainerBroker> {
  const onHost = env.WARREN_TEST_BROKER_NETWORK === 'host';
  if (onHost) expectNoBridge(env);
  await getContainerRuntimeClient().catch((cause: unknown) => {
    throw new Error(NO_ENGINE, { cause });
  });
  const password = randomBytes(16).toString('hex');
  const image = env.WARREN_TEST_BROKER_IMAGE || IMAGE;
  const { container, listener, portsOf } = onHost ? await hostPlan(image, password) : mappedPlan(image);
  const log: string[] = [];
  const started = await container
    .withEnvironment({ RABBITMQ_DEFAULT_USER: USER, RABBITMQ_DEFAULT_PASS: password })
    .withLogConsumer((stream: Readable) => keepLast(stream, log))
    .withWaitStrategy(Wait.forLogMessage(/Server startup complete/))
    .withStartupTimeout(START_TIMEOUT_MS)
    .start()
    .catch((cause: unknown) => {
      throw new Error(`The container of ${image} did not start: ${String(cause)}\n${log.join('')}`, { cause });
    });
  const broker = addressOf(started, portsOf(started), password);
  try {
    await untilHealthy({ ...broker, listener }, () => undefined, HEALTHY_TIMEOUT_MS);
  } catch (cause) {
    await broker.stop();
    throw new Error(`The broker in the container of ${image} is not healthy:\n${log.join('')}`, { cause });
  }
  return broker;
}

/** Such an engine has no gateway address to look up, and cannot publish the port of testcontainers' own reaper. */
function expectNoBridge(env: NodeJS.ProcessEnv): void {
  env.TESTCONTAINERS_HOST_OVERRIDE ??= '127.0.0.1';
  env.TESTCONTAINERS_RYUK_DISABLED ??= 'true';
}

const mappedPlan = (image: string): Plan => ({
  container: new GenericContainer(image).withExposedPorts(AMQP_IN_CONTAINER, MANAGEMENT_IN_CONTAINER),
  listener: AMQP_IN_CONTAINER,
  portsOf: (started) => ({
    amqp: started.getMappedPort(AMQP_IN_CONTAINER),
    management: started.getMappedPort(MANAGEMENT_IN_CONTAINER),
  }),
});

/** No port is mapped, so the node itself is told to listen on free ones, and on loopback only. */
async function hostPlan(image: string, password: string): Promise<Plan> {
  const [amqp = 0, management = 0, distribution = 0, epmd = 0] = await freePorts(Array(4).fill(undefined));
  const ports: NodePorts = { amqp, management, distribution, epmd };
  const name = `warren-test-${amqp}`;
  const container = new GenericContainer(image)
    .withNetworkMode('host')
    .withEnvironment({
      RABBITMQ_NODENAME: `${name}@localhost`,
      RABBITMQ_DIST_PORT: String(distribution),
      ERL_EPMD_PORT: String(epmd),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    })
    .withCopyContentToContainer([
      { target: '/etc/rabbitmq/enabled_plugins', content: '[rabbitmq_management].\n' },
      {
        target: '/etc/rabbitmq/conf.d/90-ports.conf',
        content: nodeConfig({ kind: 'docker', name, user: USER, password, ports }),
      },
    ]);
  return { container, listener: amqp, portsOf: () => ports };
}

function addressOf(
  started: StartedTestContainer,
  { amqp, management }: Pick<NodePorts, 'amqp' | 'management'>,
  password: string,
): ContainerBroker {
  const host = started.getHost();
  return {
    amqpUrl: `amqp://${USER}:${password}@${host}:${amqp}`,
    managementUrl: `http://${host}:${management}`,
    user: USER,
    password,
    stop: async () => void (await started.stop()),
  };
}

function keepLast(stream: Readable, lines: string[]): void {
  stream.on('data', (line: Buffer | string) => {
    lines.push(`${String(line).trimEnd()}\n`);
    lines.splice(0, lines.length - LOG_LINES_KEPT);
  });
}
