import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { withCredentials } from '../../infra/start/broker/broker.ts';
import { findRelease, type Release } from '../../infra/start/broker/release/find-release.ts';
import { BROKER_VERSIONS, type BrokerVersion } from '../../infra/start/broker/release/release.ts';
import { startRelease } from '../../infra/start/broker/release/start-release.ts';
import { PROJECT_ROOT } from '../../infra/start/project-root.ts';
import { PARTS, type Part } from './parts.ts';
import { allGood, reportTable, type VersionReport } from './report.ts';
import { type Counts, runMocha } from './run-mocha.ts';

const EXIT = { good: 0, failed: 1, usage: 2 } as const;
const CACHE = join(PROJECT_ROOT, '.data', 'cache');

const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Wish {
  readonly versions: readonly BrokerVersion[];
  readonly parts: readonly Part[];
}

const HELP = `
Parts: the bus suite, a short chaos round, the cluster suite, and a chaos round on a cluster of three nodes.

Settings (environment):
  RABBITMQ_FOLDERS   VERSION=FOLDER, comma-separated: Debian file trees with a RabbitMQ; without one the version is taken
                     from this machine, or a folder is made by mmdebstrap and kept in .data/cache

Exit codes: 0 all passed, with those versions that are to be had · 1 something failed, or no version is to be had · 2 wrong use`;

/** @returns undefined when only help was asked for @throws {CommanderError} for wrong use */
function readWish(args: readonly string[]): Wish | undefined {
  const program = new Command('npm run test:brokers --')
    .description('Runs what depends on the broker on several versions of RabbitMQ.')
    .addOption(new Option('--broker <versions...>', 'only these versions').choices(BROKER_VERSIONS))
    .addOption(new Option('--part <names...>', 'only these parts').choices(PARTS.map(({ name }) => name)))
    .addHelpText('after', HELP)
    .exitOverride();
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw error;
  }
  const { broker = BROKER_VERSIONS, part: names } = program.opts<{ broker?: BrokerVersion[]; part?: string[] }>();
  return { versions: broker, parts: PARTS.filter(({ name }) => names?.includes(name) ?? true) };
}

async function runPart({ files, needsBroker }: Part, wanted: BrokerVersion, release: Release) {
  const env: NodeJS.ProcessEnv = { WARREN_TEST_RABBITMQ: wanted };
  if (!needsBroker) return await runMocha(files, env);
  const dataDir = mkdtempSync(join(tmpdir(), 'warren-brokers-'));
  try {
    const broker = await startRelease(release, dataDir, say);
    try {
      const { amqpUrl, managementUrl, user, password } = broker;
      const management = withCredentials(managementUrl, user, password);
      return await runMocha(files, {
        ...env,
        WARREN_TEST_AMQP_URL: amqpUrl,
        WARREN_TEST_MANAGEMENT_URL: management,
      });
    } finally {
      broker.kill(); // its data goes with it, so there is nothing to put in order
      await broker.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function runVersion(wanted: BrokerVersion, parts: readonly Part[]): Promise<VersionReport> {
  const began = Date.now();
  const seconds = () => (Date.now() - began) / 1000;
  const release = await findRelease(wanted, { cacheDir: CACHE, log: say });
  if (typeof release === 'string') {
    say(`RabbitMQ ${wanted} is skipped: ${release}`);
    return { wanted, seconds: seconds(), outcome: { missing: release } };
  }
  const results = new Map<Part, Counts | undefined>();
  for (const part of parts) {
    say(`\n==> RabbitMQ ${release.version}: ${part.name}`);
    results.set(part, await runPart(part, wanted, release));
  }
  return { wanted, seconds: seconds(), outcome: { version: release.version, parts: results } };
}

/** `npm run test:brokers`. */
async function main(args: readonly string[]): Promise<number> {
  const wish = readWish(args);
  if (wish === undefined) return EXIT.good;
  const reports: VersionReport[] = [];
  for (const version of wish.versions) reports.push(await runVersion(version, wish.parts));
  process.stdout.write(`\n${reportTable(reports, wish.parts)}\n`);
  return allGood(reports) ? EXIT.good : EXIT.failed;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CommanderError)) say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = EXIT.usage;
}
