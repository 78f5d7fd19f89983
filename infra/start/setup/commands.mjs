import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ExpectedError } from './expected-error.mjs';
import { SERVICE_HELP, START_HELP, STATUS_HELP, TEST_HELP, USAGE } from './help.mjs';
import { runService } from './run-service.mjs';

const SERVICES = ['gateway', 'embedder', 'generator', 'rag-orchestrator'];

/** Runs a built program in this process, as if Node had been started with it. */
async function runBuilt(root, program, args) {
  const file = join(root, 'dist', program);
  if (!existsSync(file)) throw new ExpectedError(`There is no ${program} in the build.`);
  process.argv = [process.argv[0], file, ...args];
  await import(pathToFileURL(file).href);
}

/** Runs a program of the tests, from its source, in a process of its own. */
async function runSource(root, program, args) {
  const child = spawn(process.execPath, ['--import', 'tsx', '--enable-source-maps', join(root, program), ...args], {
    stdio: 'inherit',
  });
  // A Ctrl-C reaches it by the terminal; npm's copy of it must not end us first.
  const passOn = (signal) => child.kill(signal);
  const swallow = () => undefined;
  process.on('SIGINT', swallow).on('SIGTERM', passOn).on('SIGHUP', passOn);
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

/** Lets a program that talks to the broker find the one that `npm start` runs; what is set by hand goes first. */
function borrowAddresses(root) {
  const file = join(resolve(root, process.env.DATA_DIR ?? '.data'), 'run.json');
  if (!existsSync(file)) return;
  const run = JSON.parse(readFileSync(file, 'utf8'));
  process.env.AMQP_URL ??= run.amqp_url;
  process.env.DATABASE_URL ??= run.database_url;
}

async function service(root, [name, ...rest]) {
  if (!SERVICES.includes(name) || rest.length > 0) {
    console.error(SERVICE_HELP);
    return 2;
  }
  return runService(root, name, process.env);
}

/** What `infra/bootstrap.mjs` can do; `quiet` ones print nothing of their own before they start. */
export const commands = {
  start: { help: START_HELP, run: (root, args) => runBuilt(root, 'infra/start/main.js', args) },
  test: { help: TEST_HELP, run: (root, args) => runBuilt(root, 'infra/start/test-run.js', args) },
  status: { help: STATUS_HELP, quiet: true, run: (root, args) => runBuilt(root, 'infra/start/status.js', args) },
  service: { help: SERVICE_HELP, quiet: true, run: service },
  replay: {
    quiet: true,
    run: (root, args) => {
      borrowAddresses(root);
      return runBuilt(root, 'infra/scripts/replay.js', args);
    },
  },
  migrate: {
    quiet: true,
    run: (root, args) => {
      borrowAddresses(root);
      return runBuilt(root, 'infra/database/migrate.js', args);
    },
  },
  load: { quiet: true, run: (root, args) => runSource(root, 'test/load/main.ts', args) },
  bench: { quiet: true, run: (root, args) => runSource(root, 'test/bench/compare/main.ts', args) },
  growth: { quiet: true, run: (root, args) => runSource(root, 'test/bench/growth/main.ts', args) },
  guard: { quiet: true, run: (root, args) => runSource(root, 'test/bench/guard.ts', args) },
  brokers: { quiet: true, run: (root, args) => runSource(root, 'test/brokers/main.ts', args) },
  chaos: { quiet: true, run: (root, args) => runSource(root, 'test/chaos/main.ts', args) },
  eval: { quiet: true, run: (root, args) => runBuilt(root, 'infra/eval/main.js', args) },
  cli: { quiet: true, run: (root, args) => runBuilt(root, 'infra/cli/main.js', args) },
  'mock-provider': { quiet: true, run: (root, args) => runBuilt(root, 'infra/mock-provider/main.js', args) },
  compose: {
    quiet: true,
    run: (root, args) => {
      process.env.WARREN_TEST_COMPOSE = '1';
      process.env.CI ??= 'true'; // lets the tests fetch what they lack
      return runSource(root, 'node_modules/mocha/bin/mocha.js', ['test/compose/stack.test.ts', ...args]);
    },
  },
  /** Installs and builds, nothing else. */
  build: { run: async () => 0 },
};

/**
 * @param {string | undefined} unknown the command that was asked for and does not exist
 * @returns {string}
 */
export const usage = (unknown) => (unknown === undefined ? USAGE : `There is no command "${unknown}".\n\n${USAGE}`);
