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
  cli: { quiet: true, run: (root, args) => runBuilt(root, 'infra/cli/main.js', args) },
  'mock-provider': { quiet: true, run: (root, args) => runBuilt(root, 'infra/mock-provider/main.js', args) },
  /** Installs and builds, nothing else. */
  build: { run: async () => 0 },
};

/**
 * @param {string | undefined} unknown the command that was asked for and does not exist
 * @returns {string}
 */
export const usage = (unknown) => (unknown === undefined ? USAGE : `There is no command "${unknown}".\n\n${USAGE}`);
