import { cpSync, mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePorts } from '../../../../infra/start/broker/ports.ts';
import { PROJECT_ROOT } from '../../../../infra/start/project-root.ts';
import { httpRequest } from '../load/http-connection.ts';
import { INSIDE_ENV } from '../machine/debian.ts';
import { isOk } from '../machine/is-ok.ts';
import { Part, stopAll } from '../machine/part.ts';
import { startPostgres } from './postgres.ts';
import { startRabbitMq } from './rabbitmq.ts';
import { startRedis } from './redis.ts';
import { type Api, JOB, type Place, type Progress, type Running, type System } from './system.ts';
import { Workers } from './workers.ts';

const SOURCE = join(PROJECT_ROOT, 'test/bench/peers/celery');
const PYTHON = '/usr/bin/python3';
const PRELOAD_TIMEOUT_MS = 600_000;
/** What Celery takes by itself. */
const PROCESSES = cpus().length;

export type Backend = 'redis' | 'postgres';

/** Where results are kept. */
interface Results {
  readonly part: Part;
  readonly url: string;
  progress(): Promise<Progress>;
}

const apiAt = (port: number): Api => ({
  port,
  warmUp: httpRequest('GET', '/openapi.json', {}),
  submit: httpRequest('POST', '/v1/jobs', {}, JOB),
  status: (job) => httpRequest('GET', `/v1/jobs/${job}`, {}),
});

/** FastAPI on uvicorn, and Celery on RabbitMQ. */
export const celery = (backend: Backend): System => ({
  name: backend === 'redis' ? 'FastAPI + Celery' : 'FastAPI + Celery (Postgres)',
  about: `uvicorn, FastAPI and Celery (${PROCESSES} processes a worker) on RabbitMQ, results in ${backend}`,
  async start(place) {
    const { debian, folder } = place;
    const [port = 0] = await freePorts([undefined]);
    const [broker, results] = await Promise.all([startRabbitMq(place), startResults(backend, place)]);
    const code = join(folder, 'celery');
    mkdirSync(code);
    cpSync(SOURCE, code, { recursive: true });
    const env = {
      ...INSIDE_ENV,
      PYTHONPATH: debian.inside(code),
      BROKER_URL: broker.amqpUrl,
      RESULT_BACKEND: results.url,
      C_FORCE_ROOT: '1',
    };
    const python = (...args: string[]) => debian.command(PYTHON, '-m', ...args);
    const begunAt = performance.now();
    const workers = new Workers(
      (n) =>
        new Part({
          role: 'worker',
          command: python(
            'celery',
            '--app',
            'jobs',
            'worker',
            '--concurrency',
            String(PROCESSES),
            '--hostname',
            `worker${n}@%h`,
          ),
          env,
          log: join(folder, 'worker.log'),
        }),
    );
    await workers.have(1);
    const gateway = new Part({
      role: 'gateway',
      command: python('uvicorn', 'api:app', '--host', '127.0.0.1', '--port', String(port), '--no-access-log'),
      env,
      log: join(folder, 'gateway.log'),
    });
    await gateway.until(() => isOk(`http://127.0.0.1:${port}/openapi.json`));
    return {
      api: apiAt(port),
      begunAt,
      processes: () => [gateway, ...workers.parts, results.part, { role: 'broker', pid: broker.pid }],
      progress: results.progress,
      workers: (count) => workers.have(count),
      replaceWorker: () => workers.replace(),
      async preload(count) {
        const command = debian.command(PYTHON, `${debian.inside(code)}/preload.py`, String(count));
        const preloading = new Part({ role: 'preloading', command, env, log: join(folder, 'preload.log') });
        await preloading.done(PRELOAD_TIMEOUT_MS);
      },
      async stop() {
        await stopAll([gateway, ...workers.parts]);
        await Promise.all([results.part.kill(), broker.stop()]);
      },
    } satisfies Running;
  },
});

async function startResults(backend: Backend, place: Place): Promise<Results> {
  if (backend === 'redis') {
    const { part, port, number } = await startRedis(place);
    return { part, url: `redis://127.0.0.1:${port}/0`, progress: () => since(() => number('DBSIZE')) };
  }
  const { part, url } = await startPostgres(place);
  return { part, url: url.replace('postgres:', 'db+postgresql:'), progress: () => since(() => rowsAt(url)) };
}

async function since(count: () => Promise<number>): Promise<Progress> {
  const before = await count();
  return async () => (await count()) - before;
}

async function rowsAt(url: string): Promise<number> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ rows: number }>('select count(*)::int as rows from celery_taskmeta');
    return rows[0]?.rows ?? 0;
  } catch {
    return 0; // Celery makes its table with the first result
  } finally {
    await client.end();
  }
}
