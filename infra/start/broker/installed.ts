import { readFileSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { ertsBin, searchPath, type Toolchain, which } from './toolchain.ts';

const SERVER = 'rabbitmq-server';
const KNOWN_FOLDERS = [
  '/usr/lib/rabbitmq/bin',
  '/opt/homebrew/opt/rabbitmq/sbin',
  '/usr/local/opt/rabbitmq/sbin',
  '/opt/rabbitmq/sbin',
];
const ERLANG_ROOTS = ['/usr/lib/erlang', '/usr/lib64/erlang', '/usr/local/lib/erlang', '/opt/homebrew/lib/erlang'];

/** Debian's wrapper in /usr/sbin changes to user `rabbitmq` and the system's folders; it is of no use to us. */
const isWrapper = (file: string): boolean =>
  /\bsu rabbitmq\b|runuser|Only root or rabbitmq/.test(readFileSync(file, 'utf8'));

function serverScript(env: NodeJS.ProcessEnv): string | undefined {
  const named = env.RABBITMQ_SBIN;
  const known = which(SERVER, [...(named ? [named] : []), ...KNOWN_FOLDERS]);
  if (known) return known;
  const onPath = which(SERVER, searchPath(env));
  const real = onPath && realpathSync(onPath);
  return real && !isWrapper(real) ? real : undefined;
}

/** The RabbitMQ that is installed on this machine, with its Erlang; undefined when either is missing. */
export function findInstalled(env: NodeJS.ProcessEnv): Toolchain | undefined {
  const server = serverScript(env);
  if (!server) return undefined;
  const folders = searchPath(env);
  const erl = which('erl', folders);
  const erts = ERLANG_ROOTS.map(ertsBin).filter((bin) => bin !== undefined);
  const epmd = which('epmd', [...(erl ? [dirname(erl), dirname(realpathSync(erl))] : []), ...folders, ...erts]);
  if (!erl || !epmd) return undefined;
  return { enter: [], root: '/', server, epmd, path: [...new Set([dirname(erl), ...folders])].join(':'), env: {} };
}
