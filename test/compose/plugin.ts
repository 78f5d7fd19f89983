import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './compose-file.ts';

const run = promisify(execFile);
const CACHE = join(ROOT, 'node_modules/.cache/docker-compose');
const FETCH_TIMEOUT_MS = 120_000;

/** Where Docker keeps its plugins, and where we keep ours. */
const PLUGIN_FOLDERS = [
  join(process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'), 'cli-plugins'),
  '/usr/local/lib/docker/cli-plugins',
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
  CACHE,
];

/** A Compose v2 binary; it checks files by itself, no Docker needed. */
export type Found = { readonly path: string } | { readonly missing: string };

/** Looks for Compose v2 on this machine; in CI on Debian also takes it out of its package, into a cache folder. */
export async function findCompose(): Promise<Found> {
  const onPath = (process.env.PATH ?? '').split(delimiter);
  for (const folder of [...PLUGIN_FOLDERS, ...onPath]) {
    const path = join(folder, 'docker-compose');
    if (existsSync(path) && (await isVersion2(path))) return { path };
  }
  if (process.env.CI === undefined) return { missing: 'no docker compose v2 on this machine (CI=true fetches it)' };
  if (!existsSync('/usr/bin/apt-get')) return { missing: 'no docker compose v2, and no apt to fetch it with' };
  try {
    return { path: await fetchFromDebian() };
  } catch (error) {
    return { missing: `docker compose v2 could not be fetched: ${(error as Error).message.split('\n')[0]}` };
  }
}

async function isVersion2(path: string): Promise<boolean> {
  try {
    const { stdout } = await run(path, ['version', '--short']);
    return /^v?[2-9]\./.test(stdout.trim());
  } catch {
    return false;
  }
}

/** Debian 13 has it as a static program; only its package lists are read, into a folder of our own. */
async function fetchFromDebian(): Promise<string> {
  const work = join(tmpdir(), `warren-compose-${process.pid}`);
  await mkdir(join(work, 'lists/partial'), { recursive: true });
  await mkdir(join(work, 'archives/partial'), { recursive: true });
  try {
    const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']);
    const mirror = stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri));
    if (mirror === undefined) throw new Error('apt knows no Debian mirror');
    const sources = join(work, 'sources.list');
    await writeFile(sources, `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} trixie main\n`);
    const own = [
      `Dir::Etc::sourcelist=${sources}`,
      'Dir::Etc::sourceparts=-',
      `Dir::State::lists=${join(work, 'lists')}`,
      `Dir::Cache=${work}`,
    ].flatMap((option) => ['-o', option]);
    const limits = { cwd: work, timeout: FETCH_TIMEOUT_MS };
    await run('apt-get', [...own, '-q', 'update'], limits);
    await run('apt-get', [...own, '-q', 'download', 'docker-compose'], limits);
    const deb = (await readdir(work)).find((name) => name.endsWith('.deb'));
    if (deb === undefined) throw new Error('apt-get download left no package');
    await run('dpkg-deb', ['-x', deb, 'tree'], limits);
    await mkdir(CACHE, { recursive: true });
    const path = join(CACHE, 'docker-compose');
    await run('cp', [join(work, 'tree/usr/libexec/docker/cli-plugins/docker-compose'), `${path}.${process.pid}`]);
    await rename(`${path}.${process.pid}`, path);
    return path;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
