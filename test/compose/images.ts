import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDebian } from '../../infra/start/broker/release/make-tree.ts';
import { ROOT, readCompose } from './compose-file.ts';
import type { Engine } from './engine.ts';

const BASE = 'warren-test-debian';
const FOLDER = join(ROOT, 'test/compose/images');
const PACKAGES = ['rabbitmq-server', 'postgresql-17', 'postgresql-17-pgvector', 'nodejs', 'ca-certificates'];

/**
 * Makes the images that docker-compose.yml names, where no registry can be reached: from Debian's packages and from what
 * is built and installed here.
 * @returns why it failed, when it did
 */
export async function makeImages(engine: Engine, cacheDir: string): Promise<string | undefined> {
  const tar = join(cacheDir, 'compose-trixie.tar');
  const why = existsSync(tar)
    ? undefined
    : await makeDebian({ release: 'trixie', packages: PACKAGES, place: tar, log: () => undefined });
  if (why !== undefined) return why;
  const { services } = readCompose();
  const image = (service: string) => services[service]?.image ?? '';
  await docker(engine, ['import', '-', BASE], createReadStream(tar));
  await docker(engine, ['build', '--tag', image('rabbitmq'), '--file', join(FOLDER, 'rabbitmq.Dockerfile'), FOLDER]);
  await docker(engine, ['build', '--tag', image('postgres'), '--file', join(FOLDER, 'postgres.Dockerfile'), FOLDER]);
  const context = spawn('tar', ['--create', '--directory', ROOT, ...inWarren()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const dockerfile = 'test/compose/images/warren.Dockerfile';
  await docker(engine, ['build', '--tag', `warren:local`, '--file', dockerfile, '-'], context.stdout);
  return undefined;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

/** What goes into Warren's image: the build, and the packages that are no development tools. */
function inWarren(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  const needed = Object.entries(packages)
    .filter(([path, { dev = false }]) => !dev && /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path))
    .map(([path]) => path)
    .filter((path) => existsSync(join(ROOT, path)));
  return ['dist', 'package.json', 'LICENSE', 'test/compose/images', ...needed];
}

async function docker(engine: Engine, args: readonly string[], input?: NodeJS.ReadableStream): Promise<void> {
  const child = spawn('docker', args, {
    // The builder that needs no plugin and no registry.
    env: { ...engine.env, DOCKER_BUILDKIT: '0' },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += text));
  if (input !== undefined && child.stdin !== null) {
    child.stdin.on('error', () => undefined);
    input.pipe(child.stdin);
  }
  const [code] = await once(child, 'close');
  if (code !== 0)
    throw new Error(`docker ${args.slice(0, 3).join(' ')}: ${said.trim().split('\n').slice(-6).join('\n')}`);
}
