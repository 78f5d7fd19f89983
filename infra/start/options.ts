import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ExpectedFailure } from './expected-failure.ts';
import { PROJECT_ROOT } from './project-root.ts';

const DEFAULT_PORT = 8000;
const HIGHEST_PORT = 65_535;

/** What `npm start` was asked to do, from its arguments and the environment. */
export interface StartOptions {
  /** Of the gateway; 0 picks a free one. */
  readonly port: number;
  /** Without keys the gateway listens on loopback only. */
  readonly host: string;
  /** Whole path. */
  readonly dataDir: string;
  readonly amqpUrl: string | undefined;
  readonly managementUrl: string | undefined;
  readonly databaseUrl: string | undefined;
  /** The first key of API_KEYS, with which the demonstration speaks to the gateway. */
  readonly apiKey: string | undefined;
  /** Undefined when nothing should be demonstrated. */
  readonly demo: DemoOptions | undefined;
}

export interface DemoOptions {
  /** Whole paths of files and folders; empty for the project's own documentation. */
  readonly paths: readonly string[];
  readonly question: string | undefined;
  readonly collection: string | undefined;
}

const ARGUMENTS = {
  'no-demo': { type: 'boolean', default: false },
  question: { type: 'string' },
  collection: { type: 'string' },
} as const;

function parsePort(text: string | undefined): number {
  const port = text === undefined || text === '' ? DEFAULT_PORT : Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= HIGHEST_PORT) return port;
  throw new ExpectedFailure(`PORT must be a number from 0 to ${HIGHEST_PORT}; it is "${text}".`);
}

const filled = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

function wholePath(path: string, folder: string): string {
  const whole = resolve(folder, path);
  if (!existsSync(whole)) throw new ExpectedFailure(`There is no file or folder ${whole} to index.`);
  return whole;
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: ARGUMENTS, allowPositionals: true });
  } catch (error) {
    throw new ExpectedFailure(`${(error as Error).message}\nnpm start -- --help tells what there is.`);
  }
}

/** @throws ExpectedFailure saying which argument or setting is wrong */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): StartOptions {
  const { values, positionals } = readArguments(args);
  const folder = env.INIT_CWD ?? process.cwd(); // where npm was called; npm itself changes to the project's folder
  const apiKeys = filled(env.API_KEYS);
  return {
    port: parsePort(env.PORT),
    host: apiKeys === undefined ? '127.0.0.1' : (filled(env.HOST) ?? '0.0.0.0'),
    dataDir: resolve(PROJECT_ROOT, filled(env.DATA_DIR) ?? '.data'),
    amqpUrl: filled(env.AMQP_URL),
    managementUrl: filled(env.MANAGEMENT_URL),
    databaseUrl: filled(env.DATABASE_URL),
    apiKey: apiKeys?.split(',')[0]?.split(':')[1],
    demo: values['no-demo']
      ? undefined
      : {
          paths: positionals.map((path) => wholePath(path, folder)),
          question: values.question,
          collection: values.collection,
        },
  };
}
