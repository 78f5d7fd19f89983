import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What it takes to run a RabbitMQ node from files on this machine. */
export interface Toolchain {
  /** What goes before a program to run it where it belongs: nothing, or what enters another file tree. */
  readonly enter: readonly string[];
  /** That file tree, as this machine sees it; `/` is this machine's own. All paths below are as seen from within. */
  readonly root: string;
  /** The real `rabbitmq-server` script, never Debian's wrapper, which changes user and drops arguments. */
  readonly server: string;
  readonly epmd: string;
  /** PATH on which `erl` is found first. */
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A path of this machine as the programs of a toolchain see it. */
export const seenBy = ({ root }: Toolchain, path: string): string => (root === '/' ? path : path.slice(root.length));

const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const HOMEBREW = ['/opt/homebrew/bin', '/opt/homebrew/sbin', '/usr/local/opt/erlang/bin'];

/** Folders in which to look for programs: the caller's PATH, then the usual ones. */
export const searchPath = (env: NodeJS.ProcessEnv): string[] => [
  ...new Set([...(env.PATH ?? '').split(':').filter(Boolean), ...HOMEBREW, ...SYSTEM_PATH]),
];

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
};

/** The first of these folders that has this program, as a whole path. */
export const which = (program: string, folders: readonly string[]): string | undefined =>
  folders.map((folder) => join(folder, program)).find(isProgram);

/** The `bin` folder of the Erlang runtime below `root` (e.g. `/usr/lib/erlang/erts-13.1.5/bin`). */
export function ertsBin(root: string): string | undefined {
  if (!existsSync(root)) return undefined;
  const erts = readdirSync(root).find((name) => name.startsWith('erts-'));
  return erts === undefined ? undefined : join(root, erts, 'bin');
}
