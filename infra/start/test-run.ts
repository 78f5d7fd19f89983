import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PrivateBroker, withCredentials } from './broker/broker.ts';
import { startPrivateBroker } from './broker/start-private-broker.ts';
import { ExpectedFailure } from './expected-failure.ts';
import { PROJECT_ROOT } from './project-root.ts';
import { reportFailure } from './report-failure.ts';
import { say, step } from './steps.ts';

/** Packages that had to be downloaded serve all later runs. */
const CACHE = join(PROJECT_ROOT, '.data', 'cache');
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const brokerEnv = ({ amqpUrl, managementUrl, user, password }: PrivateBroker): NodeJS.ProcessEnv => ({
  WARREN_TEST_AMQP_URL: amqpUrl,
  WARREN_TEST_MANAGEMENT_URL: withCredentials(managementUrl, user, password),
});

const ALL_TESTS = 'test/**/*.test.ts';
const namesTests = (args: readonly string[]): boolean => args.some((arg) => arg.endsWith('.test.ts'));

async function runMocha(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const mocha = join(PROJECT_ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const tests = namesTests(args) ? [] : [ALL_TESTS];
  const child = spawn(process.execPath, [mocha, ...args, ...tests], { cwd: PROJECT_ROOT, stdio: 'inherit', env });
  // A Ctrl-C reaches mocha by the terminal, too; it ends in order at the first and at once at the second.
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  const swallow = () => undefined;
  process.on('SIGTERM', passOn).on('SIGHUP', passOn).on('SIGINT', swallow);
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    process.off('SIGTERM', passOn).off('SIGHUP', passOn).off('SIGINT', swallow);
  }
}

/** Lets a broker that is still starting go when somebody loses patience; it ends with this process. */
async function startForTests(dataDir: string): Promise<PrivateBroker> {
  const giveUp = () => process.exit(130);
  for (const signal of SIGNALS) process.on(signal, giveUp);
  try {
    return await step('starting a private RabbitMQ for the tests', () =>
      startPrivateBroker({ dataDir, cacheDir: CACHE, throwAway: true, log: say }),
    );
  } finally {
    for (const signal of SIGNALS) process.off(signal, giveUp);
  }
}

async function runWithBroker(args: readonly string[]): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'warren-test-'));
  try {
    const broker = await startForTests(dataDir);
    try {
      return await runMocha(args, { ...process.env, ...brokerEnv(broker) });
    } finally {
      broker.kill(); // its data goes with it, so there is nothing to put in order
      await broker.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Whether somebody else gives the tests their broker; with WARREN_TEST_BROKER=container the tests take it themselves. */
function brokerGiven({ WARREN_TEST_BROKER: kind, WARREN_TEST_AMQP_URL: url }: NodeJS.ProcessEnv): boolean {
  if (kind && kind !== 'container')
    throw new ExpectedFailure(`WARREN_TEST_BROKER is "${kind}"; it is unset or "container".`);
  return Boolean(kind || url);
}

/** `npm test`: the tests against a broker of their own, one in a container, or the one in WARREN_TEST_AMQP_URL. */
async function main(args: readonly string[]): Promise<void> {
  process.exitCode = brokerGiven(process.env) ? await runMocha(args, process.env) : await runWithBroker(args);
}

await main(process.argv.slice(2)).catch(reportFailure);
