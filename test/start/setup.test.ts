import { spawnSync } from 'node:child_process';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { removeScratch, scratch } from './scratch.ts';
import { loadSetup, type Setup } from './setup-scripts.ts';

const BOOTSTRAP = new URL('../../infra/bootstrap.mjs', import.meta.url).pathname;

function write(root: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

const lock = (packages: Record<string, object>) => JSON.stringify({ packages: { '': { name: 'x' }, ...packages } });

describe('setting up a working copy', () => {
  let setup: Setup;

  before(async () => {
    setup = await loadSetup();
  });
  after(removeScratch);

  it('takes Node 20.19 and newer, and says what to do about an older one', () => {
    expect(setup.nodeVersionProblem('20.19.0')).to.equal(undefined);
    expect(setup.nodeVersionProblem('22.0.0')).to.equal(undefined);
    expect(setup.nodeVersionProblem('20.18.3')).to.match(/20\.19 or newer; this is 20\.18\.3/);
    expect(setup.nodeVersionProblem('18.20.0')).to.be.a('string');
  });

  describe('npm packages', () => {
    const wanted = {
      packages: {
        '': {},
        'node_modules/a': { version: '1.0.0' },
        'node_modules/mac': { version: '1.0.0', optional: true },
      },
    };

    it('are complete without those for other platforms', () => {
      expect(setup.matchesLock(wanted, { packages: { 'node_modules/a': { version: '1.0.0' } } })).to.equal(true);
    });

    it('are out of date when one is missing, or of another version', () => {
      expect(setup.matchesLock(wanted, { packages: {} })).to.equal(false);
      expect(setup.matchesLock(wanted, { packages: { 'node_modules/a': { version: '1.1.0' } } })).to.equal(false);
      expect(setup.matchesLock(wanted, undefined)).to.equal(false);
    });

    it('need no second installation after somebody ran npm, until the lock file changes', () => {
      const root = scratch();
      const one = lock({ 'node_modules/a': { version: '1.0.0' } });
      write(root, { 'package-lock.json': one });
      expect(setup.needsInstall(root), 'nothing is installed').to.equal(true);
      write(root, { 'node_modules/.package-lock.json': one });
      expect(setup.needsInstall(root), 'npm installed it').to.equal(false);
      write(root, { 'package-lock.json': lock({ 'node_modules/a': { version: '2.0.0' } }) });
      expect(setup.needsInstall(root), 'the lock file changed').to.equal(true);
    });
  });

  describe('the build', () => {
    it('is needed when sources differ from those that were built, not when only their times do', () => {
      const root = scratch();
      write(root, { 'shared/a.ts': 'export const a = 1;', 'tsconfig.json': '{}' });
      expect(setup.needsBuild(root), 'never built').to.equal(true);
      write(root, { 'dist/.warren-built': setup.fingerprint(root) });
      utimesSync(join(root, 'shared/a.ts'), 1, 1);
      expect(setup.needsBuild(root), 'touched only').to.equal(false);
      write(root, { 'shared/a.ts': 'export const a = 2;' });
      expect(setup.needsBuild(root), 'changed').to.equal(true);
    });

    it('takes assets and removed files into account', () => {
      const root = scratch();
      write(root, { 'services/page.html': '<p>', 'services/notes.md': 'x' });
      const before = setup.fingerprint(root);
      write(root, { 'services/notes.md': 'y' });
      expect(setup.fingerprint(root), 'a file nobody reads at run time').to.equal(before);
      write(root, { 'services/page.html': '<b>' });
      expect(setup.fingerprint(root)).to.not.equal(before);
    });
  });

  describe('two at once', () => {
    const here = { host: 'here', isRunning: (pid: number) => pid === 1 };

    it('a lock is stale when its holder is gone or has been silent for long', () => {
      expect(setup.isStale({ pid: 1, host: 'here' }, 1_000, here)).to.equal(false);
      expect(setup.isStale({ pid: 2, host: 'here' }, 1_000, here)).to.equal(true);
      expect(setup.isStale({ pid: 2, host: 'elsewhere' }, 1_000, here)).to.equal(false);
      expect(setup.isStale({ pid: 1, host: 'here' }, 61_000, here)).to.equal(true);
      expect(setup.isStale(undefined, 1_000, here)).to.equal(false);
    });

    it('work one after the other', async () => {
      const folder = join(scratch(), 'lock');
      let inside = 0;
      let most = 0;
      let waited = 0;
      const work = async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 50));
        inside--;
      };
      const wait = () => {
        waited++;
      };
      await Promise.all([1, 2, 3].map(() => setup.withLock(folder, work, wait)));
      expect(most).to.equal(1);
      expect(waited).to.equal(2);
    });

    it('a lock whose holder was killed is taken over', async () => {
      const folder = join(scratch(), 'lock');
      const { pid } = spawnSync(process.execPath, ['-e', '']);
      write(folder, { 'owner.json': JSON.stringify({ pid, host: hostname() }) });
      expect(
        await setup.withLock(
          folder,
          async () => 'done',
          () => undefined,
        ),
      ).to.equal('done');
    });
  });

  describe('the command line', () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [BOOTSTRAP, ...args], { encoding: 'utf8', cwd: scratch() });

    it('explains npm start without booting anything', () => {
      const { status, stdout, stderr } = run('start', '--help');
      expect(status).to.equal(0);
      expect(stdout).to.contain('--no-demo').and.to.contain('DATA_DIR');
      expect(stderr).to.equal('');
    });

    it('refuses a command that does not exist', () => {
      const { status, stderr } = run('strat');
      expect(status).to.equal(2);
      expect(stderr).to.contain('There is no command "strat"');
    });
  });
});
