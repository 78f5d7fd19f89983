import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Log } from './broker.ts';
import { lastLines, runTool } from './run-tool.ts';
import { searchPath, which } from './toolchain.ts';

const UPDATE_TIMEOUT_MS = 180_000;
const INSTALL_TIMEOUT_MS = 600_000;
const SYSTEMCTL_TIMEOUT_MS = 30_000;
const POLICY = '/usr/sbin/policy-rc.d';
/** By Debian's convention: the action is not allowed. */
const FORBID_ALL = '#!/bin/sh\nexit 101\n';

/** Whether this system takes Debian packages. */
export function isDebian(): boolean {
  const release = '/etc/os-release';
  if (!existsSync(release) || !which('apt-get', searchPath(process.env))) return false;
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync(release, 'utf8'));
}

/**
 * Keeps packages from starting their services while they are being installed: we want RabbitMQ's files, not one more
 * broker on the system's ports. A policy of the machine's owner is left as it is.
 */
async function withoutServices<T>(work: () => Promise<T>): Promise<T> {
  const ours = !existsSync(POLICY);
  if (ours) {
    writeFileSync(POLICY, FORBID_ALL);
    chmodSync(POLICY, 0o755);
  }
  try {
    return await work();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
  }
}

const apt = (args: readonly string[], timeoutMs: number) =>
  runTool('apt-get', [...args], {
    timeoutMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8', RUNLEVEL: '1' },
  });

/** A machine with systemd would start the service at its next boot. */
async function disableService(): Promise<void> {
  if (!existsSync('/run/systemd/system')) return;
  await runTool('systemctl', ['disable', '--now', 'rabbitmq-server'], { timeoutMs: SYSTEMCTL_TIMEOUT_MS });
}

/** Why apt cannot be used here; undefined when it can. */
export function aptUnsuitable(): string | undefined {
  if (!isDebian()) return 'this is no Debian or Ubuntu';
  return process.getuid?.() === 0 ? undefined : 'needs root';
}

/**
 * Installs the system's rabbitmq-server package, its service switched off.
 * @returns why it failed; undefined when it is installed
 */
export async function installByApt(log: Log): Promise<string | undefined> {
  log('installing rabbitmq-server with apt (about 35 MB)');
  const update = await apt(['update'], UPDATE_TIMEOUT_MS);
  if (update.code !== 0) return `apt-get update: ${lastLines(update)}`;
  const install = await withoutServices(() =>
    apt(['install', '-y', '--no-install-recommends', 'rabbitmq-server'], INSTALL_TIMEOUT_MS),
  );
  if (install.code !== 0) return `apt-get install rabbitmq-server: ${lastLines(install)}`;
  await disableService();
  return undefined;
}
