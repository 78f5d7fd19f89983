import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isDebian } from './apt.ts';
import type { Log } from './broker.ts';
import { lastLines, runTool, type ToolRun } from './run-tool.ts';
import { ertsBin, searchPath, type Toolchain, which } from './toolchain.ts';

const UPDATE_TIMEOUT_MS = 180_000;
const RESOLVE_TIMEOUT_MS = 60_000;
const DOWNLOAD_TIMEOUT_MS = 600_000;
const UNPACK_TIMEOUT_MS = 120_000;
const DPKG_STATUS = '/var/lib/dpkg/status';
/** What we unpack ourselves in any case, also when the system has (or had) it. */
const OURS = /^(erlang|rabbitmq)/;

/** Packages are unpacked here, once; the folder is complete when it has this name. */
const unpackedFolder = (cacheDir: string): string => join(cacheDir, 'rabbitmq');

/** Where shared libraries lie in a Debian file tree, e.g. `usr/lib/x86_64-linux-gnu`. */
function libraryFolders(root: string): string[] {
  return ['lib', 'usr/lib'].flatMap((folder) => {
    const whole = join(root, folder);
    if (!existsSync(whole)) return [];
    return readdirSync(whole)
      .filter((name) => name.endsWith('-linux-gnu') || name.endsWith('-linux-gnueabihf'))
      .map((name) => join(whole, name));
  });
}

/** Debian's `erl` insists on /usr/lib/erlang; this one starts the runtime where it was unpacked. */
const erlWrapper = (root: string, bin: string): string => `#!/bin/sh
ROOTDIR='${root}' BINDIR='${bin}' EMU=beam PROGNAME=erl
export ROOTDIR BINDIR EMU PROGNAME
exec "$BINDIR/erlexec" "$@"
`;

/** The RabbitMQ that was unpacked into this cache folder before; undefined when none was. */
export function findUnpacked(cacheDir: string): Toolchain | undefined {
  const root = unpackedFolder(cacheDir);
  const erlang = join(root, 'usr/lib/erlang');
  const bin = ertsBin(erlang);
  const server = join(root, 'usr/lib/rabbitmq/bin/rabbitmq-server');
  if (bin === undefined || !existsSync(server)) return undefined;
  const wrappers = join(root, 'wrappers');
  mkdirSync(wrappers, { recursive: true });
  // Written each time: the folder may have been moved since.
  writeFileSync(join(wrappers, 'erl'), erlWrapper(erlang, bin));
  chmodSync(join(wrappers, 'erl'), 0o755);
  return {
    enter: [],
    root: '/',
    server,
    epmd: join(bin, 'epmd'),
    path: [wrappers, ...searchPath(process.env)].join(':'),
    env: { LD_LIBRARY_PATH: libraryFolders(root).join(':') },
  };
}

/** Options that let apt work in folders of ours, with the system's sources and without its locks. */
function privateApt(work: string): string[] {
  for (const folder of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(work, folder), { recursive: true });
  const settings = {
    'Dir::State': work,
    'Dir::State::lists': join(work, 'lists'),
    'Dir::State::status': join(work, 'status'),
    'Dir::Cache': join(work, 'cache'),
    'Debug::NoLocking': 'true',
    'APT::Sandbox::User': '',
    'APT::Install-Recommends': 'false',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** The system's list of installed packages without those that we unpack ourselves. */
export const withoutOurs = (status: string): string =>
  status
    .split('\n\n')
    .filter((entry) => !OURS.test(/^Package: (\S+)/m.exec(entry)?.[1] ?? ''))
    .join('\n\n');

/** Names the packages that `apt-get --simulate install` would add, with the version it chose. */
export const packagesToAdd = (simulation: string): string[] =>
  [...simulation.matchAll(/^Inst (\S+) (?:\[[^\]]*\] )?\((\S+)/gm)].map(([, name, version]) => `${name}=${version}`);

class StepFailed extends Error {}

function succeeded(what: string, run: ToolRun): ToolRun {
  if (run.code === 0) return run;
  throw new StepFailed(`${what}: ${lastLines(run)}`);
}

async function download(work: string, log: Log): Promise<void> {
  const options = privateApt(work);
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  const apt = async (args: string[], timeoutMs: number) =>
    succeeded(`apt-get ${args[0]}`, await runTool('apt-get', [...options, ...args], { timeoutMs, env, cwd: work }));
  writeFileSync(join(work, 'status'), withoutOurs(readFileSync(DPKG_STATUS, 'utf8')));
  await apt(['update'], UPDATE_TIMEOUT_MS);
  const { output } = await apt(['install', '--simulate', 'rabbitmq-server'], RESOLVE_TIMEOUT_MS);
  const packages = packagesToAdd(output);
  log(`downloading ${packages.length} Debian packages of RabbitMQ (about 35 MB)`);
  await apt(['download', ...packages], DOWNLOAD_TIMEOUT_MS);
}

async function unpack(work: string, root: string): Promise<void> {
  mkdirSync(root);
  for (const name of readdirSync(work).filter((file) => file.endsWith('.deb'))) {
    succeeded(
      `dpkg -x ${name}`,
      await runTool('dpkg', ['-x', join(work, name), root], { timeoutMs: UNPACK_TIMEOUT_MS }),
    );
  }
}

/** Puts the finished tree in its place; when another process was faster, its tree is as good. */
function moveIntoPlace(root: string, place: string): void {
  if (existsSync(place)) return;
  try {
    renameSync(root, place);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EXDEV') cpSync(root, place, { recursive: true });
    else if (!existsSync(place)) throw error;
  }
}

/** Why packages cannot be unpacked here; undefined when they can. */
export function unpackUnsuitable(): string | undefined {
  if (!isDebian()) return 'this is no Debian or Ubuntu';
  return which('dpkg', searchPath(process.env)) ? undefined : 'dpkg is missing';
}

/**
 * Downloads RabbitMQ's Debian packages and unpacks them into a folder of ours; no root is needed and the system is left
 * as it is.
 * @returns why it failed; undefined when `findUnpacked` finds them
 */
export async function unpackPackages(cacheDir: string, log: Log): Promise<string | undefined> {
  mkdirSync(dirname(unpackedFolder(cacheDir)), { recursive: true });
  const work = mkdtempSync(join(cacheDir, 'unpacking-'));
  try {
    log('fetching the list of Debian packages');
    await download(work, log);
    await unpack(work, join(work, 'root'));
    moveIntoPlace(join(work, 'root'), unpackedFolder(cacheDir));
    return undefined;
  } catch (error) {
    if (error instanceof StepFailed) return error.message;
    throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
