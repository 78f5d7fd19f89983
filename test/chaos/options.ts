import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { BROKER_VERSIONS, type BrokerVersion } from '../../infra/start/broker/release/release.ts';
import { ExpectedFailure } from '../../infra/start/expected-failure.ts';
import { NEMESES } from './nemeses/all.ts';
import type { Nemesis } from './nemeses/nemesis.ts';
import type { DatabaseKind } from './system/database.ts';
import { JOB_TYPES, type JobType } from './workload.ts';

/** What `npm run chaos` was asked for. */
export interface ChaosOptions {
  readonly seed: string;
  readonly minutes: number;
  readonly nemeses: readonly Nemesis[];
  readonly jobs: readonly JobType[];
  readonly broker: BrokerVersion | undefined;
  readonly database: DatabaseKind;
  readonly replicas: number;
  /** Of the broker. */
  readonly brokerNodes: number;
  /** Only say what would be done. */
  readonly plan: boolean;
}

const MOST_MINUTES = 24 * 60;
const MOST_REPLICAS = 8;
const CLUSTER_NODES = 3;

const minutes = (text: string): number => {
  const value = Number(text);
  if (value > 0 && value <= MOST_MINUTES) return value;
  throw new InvalidArgumentError(`give a number above 0, up to ${MOST_MINUTES}`);
};

const replicas = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= MOST_REPLICAS) return value;
  throw new InvalidArgumentError(`give a whole number from 1 to ${MOST_REPLICAS}`);
};

/** @throws {InvalidArgumentError} naming what is no type of job */
const jobsNamed = (text: string): JobType[] =>
  text.split(',').map((name) => {
    const type = JOB_TYPES.find((each) => each === name.trim());
    if (type === undefined) throw new InvalidArgumentError(`"${name}" is none of ${JOB_TYPES.join(', ')}`);
    return type;
  });

/** @throws {InvalidArgumentError} naming what is no nemesis */
function nemesesNamed(text: string): Nemesis[] {
  return text.split(',').map((name) => {
    const nemesis = NEMESES.find((each) => each.name === name.trim());
    if (nemesis === undefined) throw new InvalidArgumentError(`"${name}" is none; see --help`);
    return nemesis;
  });
}

const HELP = `
Nemeses:
${NEMESES.map(({ name, about }) => `  ${name.padEnd(19)} ${about}`).join('\n')}

Settings (environment):
  TEST_DATABASE_URL   the Postgres with pgvector of --database postgres; the run makes a database of its own there
  RABBITMQ_FOLDERS    VERSION=FOLDER, comma-separated: Debian file trees with a RabbitMQ, for --broker; without one
                      the version is taken from this machine, or a folder is made by mmdebstrap and kept in .data/cache

The same seed draws the same plan. Exit codes: 0 no promise was broken · 1 some were · 2 wrong use, or it could not begin`;

/** @returns undefined when only help was asked for @throws {ExpectedFailure} for wrong use */
export function readOptions(args: readonly string[]): ChaosOptions | undefined {
  let read: ChaosOptions | undefined;
  const program = new Command('npm run chaos --')
    .description('Runs a whole Warren under load, disturbs it by a plan drawn from a seed, and balances the books.')
    .option('--seed <text>', 'what everything is drawn from', String(Date.now() % 100_000))
    .option('--minutes <n>', 'how long to disturb', minutes, 2)
    .option('--nemeses <names>', 'only these, comma-separated', nemesesNamed)
    .option('--jobs <types>', 'clients ask only for these, comma-separated', jobsNamed)
    .addOption(new Option('--broker <version>', 'the version of RabbitMQ; any without it').choices(BROKER_VERSIONS))
    .addOption(new Option('--database <kind>', 'the database').choices(['pglite', 'postgres']).default('pglite'))
    .option('--replicas <n>', 'of every service', replicas, 2)
    .option('--cluster', `a broker of ${CLUSTER_NODES} nodes`)
    .option('--plan', 'print the plan and do nothing')
    .addHelpText('after', HELP)
    .exitOverride()
    .action(({ nemeses = NEMESES, jobs = JOB_TYPES, broker, cluster = false, plan = false, ...options }) => {
      read = { ...options, nemeses, jobs, broker, brokerNodes: cluster ? CLUSTER_NODES : 1, plan };
    });
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.exitCode === 0) return undefined;
    throw new ExpectedFailure(''); // commander has said what is wrong
  }
  return read;
}
