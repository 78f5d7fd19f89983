import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { listens } from '../../../../infra/start/broker/listens.ts';
import { freePorts } from '../../../../infra/start/broker/ports.ts';
import type { ChildProgram } from '../../../../infra/start/supervisor/child-run.ts';
import { databaseProgram, migrationProgram, serviceProgram } from '../../../../infra/start/supervisor/children.ts';
import type { ServiceName } from '../../../../infra/start/supervisor/run-file.ts';
import { openWarm } from '../load/http-connection.ts';
import { closedLoop, submit } from '../load/loops.ts';
import { Part, stopAll } from '../machine/part.ts';
import { startPostgres } from './postgres.ts';
import { startRabbitMq } from './rabbitmq.ts';
import type { Api, Place, Progress, Running, System } from './system.ts';
import { KEY, warrenApi } from './warren-api.ts';
import { Workers } from './workers.ts';

export type DatabaseKind = 'postgres' | 'pglite';

const ROLES: Readonly<Record<ServiceName, string>> = {
  gateway: 'gateway',
  embedder: 'worker',
  generator: 'generator',
  'rag-orchestrator': 'orchestrator',
};
/** At once. */
const GENERATIONS = 200;
const MIGRATE_TIMEOUT_MS = 60_000;
const PRELOADING_CONNECTIONS = 32;

/** What can be seen of a Warren alone. */
export interface RunningWarren extends Running {
  readonly databaseUrl: string;
  /** Of every gateway; `api` is that of the first. */
  readonly apis: readonly Api[];
}

interface WarrenSystem extends System {
  start(place: Place): Promise<RunningWarren>;
}

/** The four services as they run in production, each by its environment, with its own broker and database. */
export const warren = (kind: DatabaseKind, replicas = 1): WarrenSystem => ({
  name: 'Warren',
  about: `gateway, orchestrator, embedder and generator on RabbitMQ and ${kind === 'postgres' ? 'Postgres' : 'PGlite'}`,
  async start(place) {
    const { folder } = place;
    const ports = await freePorts(Array(replicas).fill(undefined));
    const [broker, database] = await Promise.all([startRabbitMq(place), startDatabase(kind, place)]);
    const { amqpUrl, managementUrl } = broker;
    const places = { amqpUrl, managementUrl, databaseUrl: database.url, dataDir: folder };
    await migrate(folder, database.url);
    const begunAt = performance.now();
    const service = (name: ServiceName, port = 0) =>
      start(serviceProgram(name, { ...places, port }), ROLES[name], place);
    const workers = new Workers(() => service('embedder'));
    await workers.have(replicas);
    const services = ports.flatMap((port) => [
      service('rag-orchestrator'),
      service('generator'),
      service('gateway', port),
    ]);
    await Promise.all([...services, ...workers.parts].map((part) => part.told()));
    const all = () => [...services, ...workers.parts, database.part];
    const apis = ports.map(warrenApi);
    const [api = warrenApi(0)] = apis;
    return {
      api,
      apis,
      databaseUrl: database.url,
      begunAt,
      processes: () => [...all(), { role: 'broker', pid: broker.pid }],
      progress: () => progressOf(database.url),
      workers: (count) => workers.have(count),
      replaceWorker: () => workers.replace(),
      preload: (count) => preload(api, count),
      async stop() {
        await stopAll([...services, ...workers.parts]);
        await Promise.all([database.part.kill(), broker.stop()]);
      },
    };
  },
});

function start({ args, env }: ChildProgram, role: string, { folder, modelUrl, profiles }: Place): Part {
  const profiling = profiles === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', resolve(profiles, role)];
  return new Part({
    role,
    command: [process.execPath, ...profiling, ...args],
    env: {
      ...env,
      NODE_ENV: 'production',
      API_KEYS: `bench:${KEY}`,
      HOST: '127.0.0.1',
      EMBEDDER: 'openai',
      EMBEDDING_MODEL: 'mock-d4',
      OPENAI_BASE_URL: modelUrl,
      GENERATOR: 'ollama',
      GENERATION_MODEL: 'mock-itl20-len100',
      OLLAMA_HOST: modelUrl,
      GENERATE_CONCURRENCY: String(GENERATIONS),
      KEY_SHARE: String(GENERATIONS), // all of them are of one key
    },
    log: join(folder, `${role}.log`),
    tells: true,
  });
}

async function startDatabase(kind: DatabaseKind, place: Place): Promise<{ part: Part; url: string }> {
  if (kind === 'postgres') return await startPostgres(place);
  const [port = 0] = await freePorts([undefined]);
  const part = start(databaseProgram(place.folder, port), 'database', place);
  const [message] = await Promise.all([part.told(), part.until(() => listens(port))]);
  return { part, url: message.url ?? '' };
}

async function migrate(folder: string, url: string): Promise<void> {
  const { args, env } = migrationProgram(folder, url);
  const command = [process.execPath, ...args];
  await new Part({ role: 'migration', command, env, log: join(folder, 'migrate.log') }).done(MIGRATE_TIMEOUT_MS);
}

/** By the index that the sweeper uses: a look every now and then costs the database little. */
async function progressOf(url: string): Promise<Progress> {
  const since = new Date();
  return async () => {
    const client = new Client(url);
    await client.connect();
    try {
      const { rows } = await client.query<{ ended: number }>(
        `select count(*)::int as ended from jobs where type in ('embed', 'search') and finished_at >= $1`,
        [since],
      );
      return rows[0]?.ended ?? 0;
    } finally {
      await client.end();
    }
  };
}

async function preload(api: Api, count: number): Promise<void> {
  const connections = await openWarm(api.port, PRELOADING_CONNECTIONS, api.warmUp);
  try {
    await closedLoop(connections, { calls: count }, (connection) => submit(connection, api.submit));
  } finally {
    for (const connection of connections) connection.close();
  }
}
