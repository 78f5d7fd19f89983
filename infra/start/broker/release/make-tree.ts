import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { aptUnsuitable } from '../apt.ts';
import type { Log } from '../broker.ts';
import { lastLines, runTool } from '../run-tool.ts';
import { searchPath, which } from '../toolchain.ts';

const MAKE_TIMEOUT_MS = 900_000;
const INSTALL_TIMEOUT_MS = 300_000;
const APT_FOLDER = '/etc/apt';
/** By Debian's convention: no service is started while packages are installed. */
const NO_SERVICES = 'printf "#!/bin/sh\\nexit 101\\n" > "$1/usr/sbin/policy-rc.d"; chmod +x "$1/usr/sbin/policy-rc.d"';

/** The mirror this machine's own packages come from: it is the one that is reachable. Without one, mmdebstrap knows its own. */
function mirror(): string | undefined {
  const folder = join(APT_FOLDER, 'sources.list.d');
  const listed = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  for (const file of [...listed, join(APT_FOLDER, 'sources.list')]) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const found = /^URIs:\s*(\S+)/m.exec(text) ?? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/m.exec(text);
    if (found?.[1]?.startsWith('http')) return found[1];
  }
  return undefined;
}

async function ensureMmdebstrap(log: Log): Promise<string | undefined> {
  if (which('mmdebstrap', searchPath(process.env))) return undefined;
  const why = aptUnsuitable();
  if (why !== undefined) return `mmdebstrap is missing and cannot be installed (${why})`;
  log('installing mmdebstrap with apt');
  const install = await runTool('apt-get', ['install', '-y', '--no-install-recommends', 'mmdebstrap'], {
    timeoutMs: INSTALL_TIMEOUT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return install.code === 0 ? undefined : `mmdebstrap could not be installed: ${lastLines(install)}`;
}

export interface DebianOptions {
  /** Of Debian, e.g. `trixie`. */
  readonly release: string;
  readonly packages: readonly string[];
  /** A folder, or a file ending in `.tar`; when it is there already, it stays. */
  readonly place: string;
  readonly log: Log;
}

/**
 * Makes a Debian with these packages in it, without their services being started.
 * @returns why it failed; undefined when it lies at `place`
 */
export async function makeDebian({ release, packages, place, log }: DebianOptions): Promise<string | undefined> {
  const missing = await ensureMmdebstrap(log);
  if (missing !== undefined) return missing;
  mkdirSync(dirname(place), { recursive: true });
  const work = mkdtempSync(`${place}-making-`);
  const made = join(work, basename(place));
  log(`making a Debian ${release} with ${packages.join(', ')} in it (about 100 MB of packages)`);
  const mode = process.getuid?.() === 0 ? 'root' : 'unshare';
  const from = mirror();
  const run = await runTool(
    'mmdebstrap',
    [
      '--variant=apt',
      `--mode=${mode}`,
      '--aptopt=Acquire::Check-Valid-Until "false"', // mirrors lag behind
      `--include=${packages.join(',')}`,
      `--customize-hook=${NO_SERVICES}`,
      release,
      made,
      ...(from === undefined ? [] : [from]),
    ],
    { timeoutMs: MAKE_TIMEOUT_MS },
  );
  try {
    if (run.code !== 0) return `mmdebstrap ${release}: ${lastLines(run)}`;
    if (!existsSync(place)) renameSync(made, place); // when another was faster, what it made is as good
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Makes a file tree of a Debian release with RabbitMQ in it. */
export const makeTree = (release: string, place: string, log: Log): Promise<string | undefined> =>
  makeDebian({ release, packages: ['rabbitmq-server'], place, log });
