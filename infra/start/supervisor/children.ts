import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PROJECT_ROOT } from '../project-root.ts';
import type { ChildProgram } from './child-run.ts';
import type { ServiceName } from './run-file.ts';

/** Settings that every service is given; where everything is, for this run. */
export interface Places {
  readonly amqpUrl: string;
  /** With credentials in it. */
  readonly managementUrl: string | undefined;
  readonly databaseUrl: string;
  readonly port: number;
  readonly dataDir: string;
}

export const logDir = (dataDir: string): string => join(dataDir, 'logs');

/** Work can wait, whoever brings it cannot: on a busy machine jobs are still accepted at once. */
const AFTER_THE_GATEWAY = constants.priority.PRIORITY_BELOW_NORMAL;

const logFile = (dataDir: string, name: string): string => join(logDir(dataDir), `${name}.log`);

const built = (...path: string[]): string => join(PROJECT_ROOT, 'dist', ...path);

/** Not the children's business: they would take themselves for what npm runs. */
const OURS = /^(npm_|INIT_CWD$)/;

const inherited = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name)));

const withSourceMaps = (program: string, ...args: string[]) => ['--enable-source-maps', program, ...args];

/** For children that stay: they end when we end, whatever they are doing. */
const onLeash = (program: string, ...args: string[]) => [
  '--import',
  pathToFileURL(built('infra', 'start', 'supervisor', 'leash.js')).href,
  ...withSourceMaps(program, ...args),
];

/** One of the four services, told by its environment where everything is. */
export function serviceProgram(name: ServiceName, places: Places): ChildProgram {
  const { amqpUrl, managementUrl, databaseUrl, port, dataDir } = places;
  return {
    name,
    args: onLeash(built('services', name, 'main.js')),
    env: {
      ...inherited(),
      AMQP_URL: amqpUrl,
      ...(managementUrl && { MANAGEMENT_URL: managementUrl }),
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      HEALTH_PORT: '0',
      DATA_DIR: dataDir,
    },
    logFile: logFile(dataDir, name),
    ...(name === 'gateway' ? {} : { niceness: AFTER_THE_GATEWAY }),
  };
}

/** The embedded database, on the same port for the whole run. */
export const databaseProgram = (dataDir: string, port: number): ChildProgram => ({
  name: 'database',
  args: onLeash(built('infra', 'database', 'main.js'), '--data', join(dataDir, 'database'), '--port', String(port)),
  env: inherited(),
  logFile: logFile(dataDir, 'database'),
  niceness: AFTER_THE_GATEWAY,
});

/** One run of the migrations. */
export const migrationProgram = (dataDir: string, databaseUrl: string): ChildProgram => ({
  name: 'migrate',
  args: withSourceMaps(built('infra', 'database', 'migrate.js')),
  env: { ...inherited(), DATABASE_URL: databaseUrl },
  logFile: logFile(dataDir, 'migrate'),
});
