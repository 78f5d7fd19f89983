import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { isRunning, untilGone } from '../../infra/start/broker/broker-process.ts';
import { readIdentity } from '../../infra/start/broker/identity.ts';
import { isFree } from '../../infra/start/broker/ports.ts';
import { eventually } from '../support/eventually.ts';
import { type Run, startWarren, type Warren } from '../support/warren.ts';
import { removeScratch, scratch } from './scratch.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const GONE_WITHIN_MS = 10_000;
const EXIT_HEALTHY = 0;
const EXIT_NOT_RUNNING = 3;

const bootstrap = (args: readonly string[], env: NodeJS.ProcessEnv) =>
  spawnSync(process.execPath, ['infra/bootstrap.mjs', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, AMQP_URL: '', DATABASE_URL: '', API_KEYS: '', ...env },
    timeout: 60_000,
  });

const status = (dataDir: string) => bootstrap(['status', '--json'], { DATA_DIR: dataDir });

describe('npm start as a whole', function () {
  this.timeout(240_000);
  let warren: Warren;
  let run: Run;
  let started = false;

  before(async () => {
    warren = await startWarren();
    run = await warren.run();
    started = true;
  });

  after(async () => {
    removeScratch();
    if (!started) return;
    if (isRunning(run.pids.supervisor ?? 0)) await warren.stop();
    else rmSync(warren.dataDir, { recursive: true, force: true, maxRetries: 10 });
  });

  it('tells in run.json every process and address', () => {
    const names = ['supervisor', 'broker', 'database', 'gateway', 'embedder', 'generator', 'rag-orchestrator'];
    expect(run.pids).to.have.all.keys(names);
    for (const [name, pid] of Object.entries(run.pids)) expect(isRunning(pid), name).to.equal(true);
    for (const url of [run.gateway_url, run.amqp_url, run.management_url, run.database_url]) {
      expect(new URL(url).hostname, url).to.equal('127.0.0.1');
    }
  });

  it('is healthy by its status', () => {
    const { status: code, stdout } = status(warren.dataDir);
    expect(JSON.parse(stdout)).to.deep.include({ healthy: true });
    expect(code).to.equal(EXIT_HEALTHY);
  });

  it('refuses a second one on the same data folder', () => {
    const { status: code, stderr } = bootstrap(['start', '--no-demo'], { DATA_DIR: warren.dataDir, PORT: '0' });
    expect(stderr).to.contain(`runs on ${warren.dataDir} already (pid ${run.pids.supervisor})`);
    expect(code).to.equal(1);
  });

  it('refuses a port that somebody else has', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const { status: code, stderr } = bootstrap(['start', '--no-demo'], { DATA_DIR: scratch(), PORT: String(port) });
      expect(stderr).to.contain(`Port ${port} is taken by another program`);
      expect(code).to.equal(1);
    } finally {
      other.close();
    }
  });

  it('keeps run.json true when a service is killed', async () => {
    const before = await warren.kill('generator');
    await eventually(
      async () => {
        const { generator } = (await warren.run()).pids;
        return typeof generator === 'number' && generator !== before && isRunning(generator);
      },
      { within: 30_000, what: 'a new generator in run.json' },
    );
  });

  it('leaves no process behind when its supervisor is killed', async () => {
    const { pids } = await warren.run();
    const { ports } = readIdentity(join(warren.dataDir, 'broker')) ?? expect.fail('the broker has no identity');
    await warren.kill('supervisor', 'SIGKILL');
    for (const [name, pid] of Object.entries(pids)) expect(await untilGone(pid, GONE_WITHIN_MS), name).to.equal(true);
    await eventually(async () => (await Promise.all(Object.values(ports).map((port) => isFree(port)))).every(Boolean), {
      within: GONE_WITHIN_MS,
      what: "the broker's ports, its port mapper's too, to be free",
    });
    expect(status(warren.dataDir).status).to.equal(EXIT_NOT_RUNNING);
  });
});
