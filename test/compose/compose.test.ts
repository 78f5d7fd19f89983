import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { parseConfig } from '../../shared/config/config.ts';
import { COMPOSE_FILE, type ComposeService, ROOT, readCompose } from './compose-file.ts';
import { findCompose } from './plugin.ts';

const run = promisify(execFile);
const PLUGIN_TIMEOUT_MS = 300_000;

const WARREN_SERVICES = ['gateway', 'rag-orchestrator', 'embedder', 'generator', 'generator-gpu'];
/** They end by themselves, so nothing asks after their health. */
const ONE_SHOT = ['migrate', 'ollama-model'];

const { services, secrets } = readCompose();
const service = (name: string): ComposeService => {
  const found = services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service "${name}"`);
  return found;
};
const secretNames = (name: string) =>
  (service(name).secrets ?? []).map((secret) => (typeof secret === 'string' ? secret : secret.source));

describe('docker-compose.yml', () => {
  it('starts by default what Warren needs, and models only when asked', () => {
    const byDefault = Object.keys(services).filter((name) => services[name]?.profiles === undefined);
    expect(byDefault).to.have.members(['rabbitmq', 'postgres', 'migrate', ...WARREN_SERVICES.slice(0, 4)]);
    expect(service('ollama').profiles).to.deep.equal(['ollama']);
    expect(service('generator-gpu').profiles).to.deep.equal(['gpu']);
  });

  for (const [name, { image, healthcheck, stop_grace_period, security_opt }] of Object.entries(services))
    describe(`service ${name}`, () => {
      it('has an image with a version', () => {
        expect(image).to.match(/^[\w./-]+:(?!latest$)[\w.-]+$/);
      });
      it(ONE_SHOT.includes(name) ? 'is a one-shot without a health check' : 'has a health check', () => {
        if (ONE_SHOT.includes(name)) expect(healthcheck).to.deep.equal({ disable: true });
        else expect(healthcheck?.test?.[0]).to.equal('CMD');
      });
      it('has time to stop and gains no privileges', () => {
        expect(Number.parseInt(stop_grace_period ?? '', 10)).to.be.at.least(30);
        expect(security_opt).to.include('no-new-privileges:true');
      });
    });

  for (const name of WARREN_SERVICES)
    describe(`Warren's ${name}`, () => {
      it('runs read-only under an init, with replicas from the environment', () => {
        expect(service(name)).to.include({ read_only: true, init: true });
        expect(service(name).deploy?.replicas).to.match(/^\d+$/);
      });

      it('starts a file that is built from a source here', () => {
        const [entry = ''] = service(name).command ?? [];
        expect(entry).to.match(/^dist\/.+\.js$/);
        expect(existsSync(join(ROOT, entry.replace(/^dist\//, '').replace(/\.js$/, '.ts'))), entry).to.equal(true);
      });

      it('waits until the broker is healthy', () => {
        expect(service(name).depends_on?.rabbitmq?.condition).to.equal('service_healthy');
      });
    });

  it('brings the tables up to date before anyone reads them', () => {
    expect(service('migrate').depends_on?.postgres?.condition).to.equal('service_healthy');
    for (const name of ['gateway', 'rag-orchestrator'])
      expect(service(name).depends_on?.migrate?.condition).to.equal('service_completed_successfully');
    const [entry = ''] = service('migrate').command ?? [];
    expect(existsSync(join(ROOT, entry.replace(/^dist\//, '').replace(/\.js$/, '.ts'))), entry).to.equal(true);
  });

  it('gives the database to the gateway and the orchestrator only', () => {
    const withDatabase = WARREN_SERVICES.filter((name) => secretNames(name).includes('database_url'));
    expect(withDatabase).to.have.members(['gateway', 'rag-orchestrator']);
  });

  it('names every secret it uses, and no login in an environment variable', () => {
    for (const [name, { environment = {} }] of Object.entries(services)) {
      for (const secret of secretNames(name)) expect(secrets).to.have.property(secret);
      for (const [variable, value] of Object.entries(environment))
        expect(`${variable}=${value}`, name).to.not.match(/PASSWORD=|KEYS?=|\/\/[^/\s]*:[^/\s]*@/);
    }
  });

  it('keeps the data of broker and database in volumes, and the broker under one name', () => {
    expect(service('rabbitmq').volumes).to.include('rabbitmq:/var/lib/rabbitmq');
    expect(service('rabbitmq')).to.include({ hostname: 'rabbitmq' });
    expect(service('postgres').volumes).to.include('postgres:/var/lib/postgresql/data');
  });

  it('ships no definitions file: one without users would leave the broker without a login', async () => {
    expect(service('rabbitmq').volumes?.join()).to.not.contain('definitions');
    expect(await readFile(join(ROOT, 'infra/compose/rabbitmq.conf'), 'utf8')).to.match(/^consumer_timeout = \d+$/m);
  });

  it('reserves a GPU and serves its pool one command at a time', () => {
    expect(service('ollama-gpu').deploy?.resources?.reservations?.devices?.[0]).to.deep.include({
      driver: 'nvidia',
      capabilities: ['gpu'],
    });
    expect(service('generator-gpu').environment).to.include({ POOL: 'gpu', GENERATE_CONCURRENCY: 1 });
  });
});

describe('make-secrets.sh', () => {
  let folder = '';
  const make = () => run('sh', [join(ROOT, 'infra/compose/make-secrets.sh'), folder]);
  const secret = async (name: string) => (await readFile(join(folder, name), 'utf8')).trim();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warren-secrets-'));
    await make();
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('makes every secret that docker-compose.yml names', () => {
    for (const { file } of Object.values(secrets)) {
      expect(file).to.match(/^\.\/infra\/compose\/secrets\//);
      expect(existsSync(join(folder, file.slice('./infra/compose/secrets/'.length))), file).to.equal(true);
    }
  });

  it('gives broker and clients the same login', async () => {
    const password = /default_pass = (\w{48})/.exec(await secret('rabbitmq_login'))?.[1];
    expect(password).to.be.a('string');
    expect(await secret('amqp_url')).to.equal(`amqp://warren:${password}@rabbitmq:5672`);
    expect(await secret('database_url')).to.contain(`:${await secret('postgres_password')}@postgres:`);
  });

  it('changes nothing when run again', async () => {
    const before = await secret('amqp_url');
    const { stdout } = await make();
    expect(stdout).to.not.contain('made');
    expect(await secret('amqp_url')).to.equal(before);
  });

  it('keeps the folder to its owner', async () => {
    const fresh = join(folder, 'fresh');
    await run('sh', [join(ROOT, 'infra/compose/make-secrets.sh'), fresh]);
    expect((await stat(fresh)).mode & 0o777).to.equal(0o700);
  });

  for (const name of WARREN_SERVICES)
    it(`is, with docker-compose.yml, all that ${name} needs to start`, () => {
      const env = Object.fromEntries(
        Object.entries(service(name).environment ?? {}).map(([variable, value]) => [
          variable,
          String(value ?? '').replace('/run/secrets', folder),
        ]),
      );
      const granted = secretNames(name).map((granted) => join(folder, granted));
      const read = Object.entries(env).filter(([variable]) => variable.endsWith('_FILE'));
      expect(read.map(([, file]) => file)).to.have.members(granted);
      const config = parseConfig(name.replace('-gpu', ''), env);
      expect(config.amqpUrl).to.contain('@rabbitmq:5672');
      if (name === 'gateway') expect(config).to.include({ host: '0.0.0.0', port: 8000 });
    });
});

describe('docker compose config', () => {
  let compose = '';

  before(async function () {
    this.timeout(PLUGIN_TIMEOUT_MS);
    const found = await findCompose();
    if ('path' in found) {
      compose = found.path;
      return;
    }
    console.log(`      skipped: ${found.missing}`);
    this.skip();
  });

  const config = async (args: readonly string[]) => {
    const { stdout } = await run(compose, ['-f', COMPOSE_FILE, ...args], { cwd: ROOT });
    return stdout;
  };

  for (const [profile, extra] of [
    ['ollama', ['ollama', 'ollama-model']],
    ['gpu', ['ollama-gpu', 'generator-gpu']],
  ] as const)
    it(`accepts the file with ${profile}.env, which adds ${extra.join(' and ')}`, async () => {
      const names = (await config(['--env-file', `infra/compose/${profile}.env`, 'config', '--services'])).trim();
      expect(names.split('\n')).to.have.members([
        ...Object.keys(services).filter((n) => !services[n]?.profiles),
        ...extra,
      ]);
    });

  it('hands the route for big models to every service, as JSON', async () => {
    const text = await config(['--env-file', 'infra/compose/gpu.env', 'config', '--format', 'json']);
    const { services: resolved } = JSON.parse(text) as { services: Record<string, ComposeService> };
    expect(JSON.parse(String(resolved['rag-orchestrator']?.environment?.ROUTES))).to.deep.equal({
      'llama3.3:70b*': 'gpu',
    });
  });
});
