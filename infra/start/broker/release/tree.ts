import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from '../run-tool.ts';
import { searchPath, type Toolchain, which } from '../toolchain.ts';

const PROBE_TIMEOUT_MS = 10_000;
const BIN = '/usr/lib/rabbitmq/bin';
const PATH_INSIDE = '/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Runs a program inside a tree, as the same process. The mounts are seen by that process alone and go with it; without
 * `/proc` the broker would know neither its memory nor its disk.
 */
const ENTER = 'mount -t proc proc "$0/proc" 2>/dev/null || true; exec chroot "$0" "$@"';

const enter = (root: string): string[] => {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const unshare = which('unshare', searchPath(process.env)) ?? 'unshare';
  return [unshare, ...asRoot, '--mount', '/bin/sh', '-c', ENTER, root];
};

/** Why programs of this file tree cannot be run here; undefined when they can. */
export async function treeUnsuitable(root: string): Promise<string | undefined> {
  if (!existsSync(join(root, BIN, 'rabbitmq-server'))) return `there is no rabbitmq-server in ${root}`;
  const [program = '', ...args] = [...enter(root), '/bin/true'];
  const { code, complaint } = await runTool(program, args, { timeoutMs: PROBE_TIMEOUT_MS });
  return code === 0 ? undefined : `programs of ${root} cannot be run: ${complaint.trim() || `exit code ${code}`}`;
}

/** The RabbitMQ of a Debian file tree: its programs run in there and see nothing of this machine. */
export function treeToolchain(root: string): Toolchain {
  const hosts = join(root, 'etc/hosts');
  // A tree fresh from its packages has none, and Erlang asks who "localhost" is.
  if (!existsSync(hosts)) writeFileSync(hosts, '127.0.0.1 localhost\n');
  return {
    enter: enter(root),
    root,
    server: `${BIN}/rabbitmq-server`,
    epmd: '/usr/bin/epmd',
    path: PATH_INSIDE,
    env: {},
  };
}

/** The version by the folder that RabbitMQ's package installs itself in, e.g. `4.0.5`. */
export function treeVersion(root: string): string | undefined {
  const lib = join(root, 'usr/lib/rabbitmq/lib');
  const folder = existsSync(lib) ? readdirSync(lib).find((name) => name.startsWith('rabbitmq_server-')) : undefined;
  return folder?.slice('rabbitmq_server-'.length);
}
