import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { listens } from '../../../../infra/start/broker/listens.ts';
import { freePorts } from '../../../../infra/start/broker/ports.ts';
import { lastLines, runTool } from '../../../../infra/start/broker/run-tool.ts';
import { PROJECT_ROOT } from '../../../../infra/start/project-root.ts';
import { httpRequest } from '../load/http-connection.ts';
import { Part, stopAll } from '../machine/part.ts';
import { startRedis } from './redis.ts';
import { type Api, JOB, type Running, type System } from './system.ts';
import { Workers } from './workers.ts';

const SOURCE = join(PROJECT_ROOT, 'test/bench/peers/bullmq');
const CACHE = join(PROJECT_ROOT, '.data/cache');
const INSTALL_TIMEOUT_MS = 300_000;
const PRELOAD_TIMEOUT_MS = 300_000;
/** Jobs that one worker does at once. */
const CONCURRENCY = 50;

const apiAt = (port: number): Api => ({
  port,
  warmUp: httpRequest('GET', '/livez', {}),
  submit: httpRequest('POST', '/v1/jobs', {}, JOB),
  status: (job) => httpRequest('GET', `/v1/jobs/${job}`, {}),
  push: {
    url: `ws://127.0.0.1:${port}/v1/ws`,
    greets: false,
    submit: (id) => JSON.stringify({ id, job: JOB }),
    outcome: (frame) => {
      if (frame.includes('"result":')) return 'succeeded';
      return frame.includes('"error":') ? 'failed' : undefined;
    },
  },
});

/** Koa and BullMQ on a Redis that syncs every write. */
export const bullmq = (): System => ({
  name: 'Koa + BullMQ',
  about: `Koa and BullMQ (${CONCURRENCY} jobs at once a worker) on Redis with appendfsync always`,
  async start(place) {
    const { folder } = place;
    const code = await installed();
    const [port = 0] = await freePorts([undefined]);
    const redis = await startRedis(place);
    const env = {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      PORT: String(port),
      REDIS_PORT: String(redis.port),
      CONCURRENCY: String(CONCURRENCY),
    };
    const start = (role: string) =>
      new Part({ role, command: [process.execPath, join(code, `${role}.mjs`)], env, log: join(folder, `${role}.log`) });
    const begunAt = performance.now();
    const workers = new Workers(() => start('worker'));
    await workers.have(1);
    const gateway = start('gateway');
    await gateway.until(() => listens(port));
    return {
      api: apiAt(port),
      begunAt,
      processes: () => [gateway, ...workers.parts, redis.part],
      async progress() {
        const before = await redis.number('ZCARD bull:jobs:completed');
        return async () => (await redis.number('ZCARD bull:jobs:completed')) - before;
      },
      workers: (count) => workers.have(count),
      replaceWorker: () => workers.replace(),
      async preload(count) {
        const command = [process.execPath, join(code, 'preload.mjs'), String(count)];
        const preloading = new Part({ role: 'preloading', command, env, log: join(folder, 'preload.log') });
        await preloading.done(PRELOAD_TIMEOUT_MS);
      },
      async stop() {
        await stopAll([gateway, ...workers.parts]);
        await redis.part.kill();
      },
    } satisfies Running;
  },
});

/** Its packages stay out of the project's own; they are installed once for each lock file. */
async function installed(): Promise<string> {
  const lock = createHash('sha256')
    .update(readFileSync(join(SOURCE, 'package-lock.json')))
    .digest('hex');
  const packages = join(CACHE, `bench-bullmq-${lock.slice(0, 12)}`);
  if (!existsSync(packages)) {
    const work = `${packages}-${process.pid}`;
    mkdirSync(work, { recursive: true });
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(SOURCE, name), join(work, name));
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const run = await runTool('npm', args, { timeoutMs: INSTALL_TIMEOUT_MS, cwd: work });
    if (run.code !== 0) {
      rmSync(work, { recursive: true, force: true });
      throw new Error(`npm ci of BullMQ: ${lastLines(run)}`);
    }
    if (existsSync(packages)) rmSync(work, { recursive: true, force: true });
    else renameSync(work, packages);
  }
  cpSync(SOURCE, packages, { recursive: true });
  return packages;
}
