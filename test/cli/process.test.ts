import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { type GatewayDouble, KEY } from './gateway-double.ts';
import { Harness } from './harness.ts';
import { terminalDouble } from './terminal-double.ts';

describe('warren, its exit codes', () => {
  let harness: Harness;
  const warren: Harness['warren'] = (...args) => harness.warren(...args);

  beforeEach(async () => {
    harness = new Harness();
    await harness.start();
  });
  afterEach(() => harness.stop());

  it('tell wrong use, nobody there, not found and not authorised apart', async () => {
    expect((await warren(['ask', 'x'])).code).to.equal(2);
    expect((await warren(['jobs', '--status', 'odd'])).code).to.equal(2);
    expect((await warren(['nonsense'])).code).to.equal(2);
    expect((await warren(['jobs', '--url', 'ftp://x'])).code).to.equal(2);
    expect((await warren(['jobs', '--url', 'http://127.0.0.1:9'])).code).to.equal(3);
    expect((await warren(['job', 'job_none'])).code).to.equal(4);
    expect((await warren(['job', 'job_none', '--follow'])).code).to.equal(4);
    expect((await warren(['jobs'], terminalDouble(), 'wrong')).code).to.equal(5);
    expect((await warren(['job', 'job_none', '--follow'], terminalDouble(), 'wrong')).code).to.equal(5);
  });

  it('are explained by --help, on stdout', async () => {
    const { code, out } = await warren(['--help']);
    expect(code).to.equal(0);
    expect(out).to.match(/Exit codes: 0 done/);
    expect((await warren(['dead-letters', 'replay', '--help'])).out).to.match(/--dry-run/);
  });
});

describe('warren as a process', function () {
  this.timeout(60_000);
  let harness: Harness;
  let gateway: GatewayDouble;

  beforeEach(async () => {
    harness = new Harness();
    await harness.start();
    gateway = harness.gateway;
  });
  afterEach(() => harness.stop());
  const start = (args: readonly string[]) =>
    spawn(process.execPath, ['--import', 'tsx', 'infra/cli/main.ts', ...args], {
      env: { ...process.env, WARREN_URL: harness.url, WARREN_API_KEY: KEY },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  it('stops at Ctrl-C and says what goes on', async () => {
    const { id } = gateway.job([['job.queued']]);
    const child = start(['job', id, '--follow']);
    let err = '';
    child.stderr.on('data', (text) => {
      err += String(text);
    });
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect((await once(child, 'close'))[0]).to.equal(130);
    expect(err).to.match(/goes on in the server/);
  });

  it('does not mind when nobody reads on', async () => {
    const { id } = gateway.job(
      Array.from({ length: 2000 }, (_, n) => ['job.progress', { done: n, total: 5000, stage: 'x' }] as const),
    );
    const child = start(['job', id, '--follow', '--json']);
    let err = '';
    child.stderr.on('data', (text) => {
      err += String(text);
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    gateway.tell(id, 'job.progress', { done: 5000, total: 5000, stage: 'x' });
    expect((await once(child, 'close'))[0]).to.equal(0);
    expect(err).to.equal('');
  });
});
