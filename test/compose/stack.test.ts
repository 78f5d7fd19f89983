import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runTool } from '../../infra/start/broker/run-tool.ts';
import { ROOT, readCompose } from './compose-file.ts';
import { type Engine, findEngine } from './engine.ts';
import { makeImages } from './images.ts';
import { findCompose } from './plugin.ts';

const CACHE = join(ROOT, '.data/cache');
const PREPARE_TIMEOUT_MS = 900_000;
const COMPOSE_TIMEOUT_MS = 300_000;
const ASK_TIMEOUT_MS = 90_000;
const CLI = join(ROOT, 'dist/infra/cli/main.js');
const COLLECTION = 'notes';
const NOTE = 'The warren has four entrances. The oldest entrance lies below the hawthorn.';
const QUESTION = 'Where is the oldest entrance?';

/** `npm run test:compose`. */
describe('docker compose up, end to end', function () {
  this.timeout(COMPOSE_TIMEOUT_MS);
  let project = '';
  let engine: Engine | undefined;
  let compose = '';
  let key = '';

  const skip = (context: Mocha.Context, why: string): never => {
    console.log(`      skipped: ${why}`);
    return context.skip();
  };

  async function run(program: string, args: readonly string[], timeoutMs: number, env: NodeJS.ProcessEnv = {}) {
    const { code, output, complaint } = await runTool(program, args, {
      timeoutMs,
      cwd: project,
      env: { ...engine?.env, ...env },
    });
    if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${code}\n${output}\n${complaint}`);
    return output;
  }

  const inProject = (...args: string[]) => run(compose, args, COMPOSE_TIMEOUT_MS);
  const up = () => inProject('up', '--detach', '--no-build', '--wait');

  /** A machine that is itself a container may not raise its own limits; the shipped file asks for more open files. */
  async function keepWithinLimits(): Promise<void> {
    const hard = Number(await run('sh', ['-c', 'ulimit -Hn'], COMPOSE_TIMEOUT_MS));
    const { nofile = 0 } = readCompose().services.rabbitmq?.ulimits ?? {};
    if (!(hard < nofile)) return; // NaN for "unlimited"
    const override = { services: { rabbitmq: { ulimits: { nofile: hard } } } };
    await writeFile(join(project, 'docker-compose.override.yml'), JSON.stringify(override));
  }

  /** The command line tool of this machine, by the published port. */
  function warren(...args: string[]): Promise<string> {
    const [program = process.execPath, ...rest] = [...(engine?.enter ?? []), process.execPath, CLI, ...args];
    return run(program, [...rest, '--url', 'http://127.0.0.1:8000', '--key', key], ASK_TIMEOUT_MS);
  }

  const answer = () => warren('ask', QUESTION, '-c', COLLECTION);

  before(async function prepare() {
    this.timeout(PREPARE_TIMEOUT_MS);
    if (!process.env.WARREN_TEST_COMPOSE) skip(this, 'takes minutes and an engine; npm run test:compose asks for it');
    const found = await findCompose();
    if ('missing' in found) return skip(this, found.missing);
    compose = found.path;
    const started = await findEngine(CACHE);
    if (typeof started === 'string') return skip(this, started);
    engine = started;
    const why = await makeImages(started, CACHE).catch((error: Error) => error.message);
    if (why !== undefined) return skip(this, why);
    project = await mkdtemp(join(tmpdir(), 'warren-compose-'));
    for (const part of ['docker-compose.yml', 'infra/compose/rabbitmq.conf', 'infra/compose/make-secrets.sh'])
      await cp(join(ROOT, part), join(project, part));
    await run('sh', ['infra/compose/make-secrets.sh'], COMPOSE_TIMEOUT_MS);
    key = (await readFile(join(project, 'infra/compose/secrets/api_keys'), 'utf8')).split(':')[1] ?? '';
    await writeFile(join(project, 'note.md'), NOTE);
    await keepWithinLimits();
    await up();
  });

  after(async function tidyUp() {
    this.timeout(COMPOSE_TIMEOUT_MS);
    if (project !== '') await inProject('down', '--volumes', '--timeout', '20').catch(() => undefined);
    await engine?.stop();
    if (project !== '') await rm(project, { recursive: true, force: true });
  });

  it('is healthy, and Warren runs read-only and not as root', async () => {
    const ids = (await inProject('ps', '--quiet', 'gateway', 'rag-orchestrator', 'embedder', 'generator'))
      .trim()
      .split('\n');
    expect(ids).to.have.length(5);
    const format = '{{.State.Health.Status}} {{.HostConfig.ReadonlyRootfs}} {{.Config.User}}';
    const states = (await run('docker', ['inspect', '--format', format, ...ids], COMPOSE_TIMEOUT_MS))
      .trim()
      .split('\n');
    expect(new Set(states)).to.deep.equal(new Set(['healthy true node']));
  });

  it('takes a document in and answers from it', async () => {
    await warren('ingest', 'note.md', '-c', COLLECTION);
    expect(await answer()).to.contain('hawthorn');
  });

  it('answers after every container was restarted', async () => {
    await inProject('restart');
    await up();
    expect(await answer()).to.contain('hawthorn');
  });

  it('finds its data again when it was taken down and comes up anew', async () => {
    await inProject('down');
    await up();
    expect(await answer()).to.contain('hawthorn');
    expect(JSON.parse(await warren('collections', '--json'))).to.not.be.empty;
  });

  it('gives the tests their broker, by testcontainers', async () => {
    const mocha = join(ROOT, 'node_modules/mocha/bin/mocha.js');
    const args = [mocha, '--config', join(ROOT, '.mocharc.json'), join(ROOT, 'test/bus/topology.test.ts')];
    const [program = process.execPath, ...rest] = [...(engine?.enter ?? []), process.execPath, ...args];
    const env = { WARREN_TEST_BROKER: 'container', TESTCONTAINERS_RYUK_DISABLED: 'true' };
    const { code, output, complaint } = await runTool(program, rest, {
      timeoutMs: COMPOSE_TIMEOUT_MS,
      cwd: ROOT,
      env: { ...engine?.env, ...env },
    });
    expect(code, output + complaint).to.equal(0);
    expect(output).to.match(/[1-9]\d* passing/);
  });
});
