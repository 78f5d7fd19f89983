import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from './identity.ts';
import { CONSUMER_TIMEOUT_MS, WAL_BYTES } from './node-limits.ts';
import { seenBy, type Toolchain } from './toolchain.ts';

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/** Nodes find each other at their first start. Those that cannot see most of the others stop until they can. */
const clusterConfig = (names: readonly string[]): string => `cluster_formation.peer_discovery_backend = classic_config
${names.map((name, n) => `cluster_formation.classic_config.nodes.${n + 1} = ${nodeName(name)}\n`).join('')}\
cluster_partition_handling = pause_minority
`;

/** As the node calls itself. */
export const nodeName = (name: string): string => `${name}@localhost`;

/** `rabbitmq.conf` of a private node: loopback only. `default_*` count only while the data folder is new. */
export const nodeConfig = ({
  user,
  password,
  ports,
  cluster,
}: Identity): string => `listeners.tcp.1 = 127.0.0.1:${ports.amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = ${ports.management}
default_user = ${user}
default_pass = ${password}
loopback_users = none
consumer_timeout = ${CONSUMER_TIMEOUT_MS}
raft.wal_max_size_bytes = ${WAL_BYTES}
disk_free_limit.absolute = 200MB
log.file.rotation.size = ${LOG_LIMIT_BYTES}
log.file.rotation.count = 2
${cluster === undefined ? '' : clusterConfig(cluster)}`;

/** Environment of a private node. It starts from nothing, so that no setting of the system's RabbitMQ leaks in. */
export function nodeEnv(place: string, { name, ports }: Identity, tools: Toolchain): Record<string, string> {
  const folder = seenBy(tools, place);
  return {
    ...tools.env,
    PATH: tools.path,
    LANG: 'C.UTF-8',
    HOME: folder,
    RABBITMQ_NODENAME: nodeName(name),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'env.conf'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_DIST_PORT: String(ports.distribution),
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    // The node reads its standard input, so it ends when the pipe from us ends, however we died.
    RABBITMQ_ALLOW_INPUT: '1',
  };
}

/** The file that takes what the node prints; its own log lies beside it. */
export const outputOf = (folder: string): string => join(folder, 'log', 'output.log');

/** What nodes and tools show each other; a folder keeps its first one. */
export function writeCookie(folder: string, secret: string): void {
  const cookie = join(folder, '.erlang.cookie');
  if (!existsSync(cookie)) writeFileSync(cookie, secret, { mode: 0o400 });
}

/** Writes what the node reads at its start. */
export function writeNodeFiles(folder: string, identity: Identity): void {
  for (const part of ['mnesia', 'log']) mkdirSync(join(folder, part), { recursive: true });
  writeCookie(folder, randomBytes(16).toString('hex'));
  writeFileSync(join(folder, 'env.conf'), '');
  writeFileSync(join(folder, 'enabled_plugins'), '[rabbitmq_management].\n');
  writeFileSync(join(folder, 'rabbitmq.conf'), nodeConfig(identity), { mode: 0o600 });
  const output = outputOf(folder);
  if (existsSync(output) && statSync(output).size > LOG_LIMIT_BYTES) truncateSync(output);
}
