import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeDebian } from '../../../../infra/start/broker/release/make-tree.ts';
import { treeToolchain, treeUnsuitable } from '../../../../infra/start/broker/release/tree.ts';
import { seenBy, type Toolchain } from '../../../../infra/start/broker/toolchain.ts';
import { PROJECT_ROOT } from '../../../../infra/start/project-root.ts';
import { removeAtExit } from './at-exit.ts';

const RELEASE = 'trixie';
const PLACE = join(PROJECT_ROOT, '.data', 'cache', 'bench-debian');
/** Whatever the systems need that is not Node. */
const PACKAGES = [
  'rabbitmq-server',
  'redis-server',
  'postgresql-17',
  'postgresql-17-pgvector',
  'python3-celery',
  'python3-fastapi',
  'python3-uvicorn',
  'python3-uvloop',
  'python3-httptools',
  'python3-redis',
  'python3-psycopg2',
  'python3-sqlalchemy',
];

/** A Debian in a folder, whose programs run in there. */
export interface Debian {
  readonly tools: Toolchain;
  /** A new folder that its programs can see; it is gone when this process is. */
  scratch(): string;
  /** A path of this machine as they see it. */
  inside(path: string): string;
  /** A program of it with its arguments, to be run from this machine. */
  command(program: string, ...args: readonly string[]): string[];
}

/**
 * The folder that WARREN_BENCH_DEBIAN names, or one that is made once and kept.
 * @returns why there is none, when there is none
 */
export async function findDebian(log: (line: string) => void): Promise<Debian | string> {
  const given = process.env.WARREN_BENCH_DEBIAN;
  const root = given ? resolve(given) : PLACE;
  if (!given && !existsSync(root)) {
    const why = await makeDebian({ release: RELEASE, packages: PACKAGES, place: root, log });
    if (why !== undefined) return why;
  }
  return (await treeUnsuitable(root)) ?? debianAt(root);
}

function debianAt(root: string): Debian {
  const tools = treeToolchain(root);
  return {
    tools,
    scratch() {
      const folder = join(root, 'srv', `bench-${randomUUID().slice(0, 8)}`);
      mkdirSync(folder, { recursive: true });
      removeAtExit(folder);
      return folder;
    },
    inside: (path) => seenBy(tools, path),
    command: (program, ...args) => [...tools.enter, program, ...args],
  };
}

/** What programs of the folder are told of the world. */
export const INSIDE_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' } as const;
