import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { FLOORS_NAME, measure } from './measure.ts';
import { PHASES } from './phases/all.ts';
import { FULL, QUICK } from './phases/phase.ts';
import { figuresTable } from './report/figures-table.ts';
import { floorsTable, leastTable } from './report/floors.ts';
import { goalsTable } from './report/goals.ts';
import { partsTable } from './report/parts-table.ts';
import type { Results } from './report/results.ts';
import { bullmq } from './systems/bullmq.ts';
import { celery } from './systems/celery.ts';
import type { System } from './systems/system.ts';
import { type DatabaseKind, warren } from './systems/warren.ts';

const EXIT = { good: 0, impossible: 1, usage: 2, interrupted: 130 } as const;
const SYSTEMS = ['warren', 'celery', 'celery-postgres', 'bullmq'] as const;
type SystemName = (typeof SYSTEMS)[number];

interface Options {
  readonly phases: readonly string[];
  readonly systems: readonly SystemName[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly floors: boolean;
  readonly database: DatabaseKind;
  readonly profiles?: string;
  readonly json?: string;
}

const HELP = `
Phases: ${PHASES.map(({ name, about }) => `\n  ${name.padEnd(8)} ${about}`).join('')}

Settings (environment):
  WARREN_BENCH_DEBIAN   a folder with a Debian 13 that has RabbitMQ, Redis, Postgres, Celery and FastAPI; without it
                        one is made by mmdebstrap and kept in .data/cache

Exit codes: 0 measured · 1 nothing could be measured · 2 wrong use`;

const say = (line: string): void => void process.stderr.write(`  ${line}\n`);

const someOf =
  <Name extends string>(names: readonly Name[]) =>
  (text: string): Name[] =>
    text.split(',').map((given) => {
      const found = names.find((name) => name === given);
      if (found === undefined) throw new InvalidArgumentError(`there is ${names.join(', ')}`);
      return found;
    });

function rounds(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 100) throw new InvalidArgumentError('a number from 1 to 100');
  return count;
}

/** @throws {CommanderError} for wrong use, and when only help was asked for */
function readOptions(args: readonly string[]): Options {
  const names = PHASES.map(({ name }) => name);
  return new Command('npm run bench --')
    .description('Measures whole systems side by side on this machine, by turns, and prints tables in Markdown.')
    .option('--phases <a,b>', 'only these', someOf(names), names)
    .option('--systems <a,b>', `of ${SYSTEMS.join(', ')}`, someOf(SYSTEMS), ['warren', 'celery', 'bullmq'])
    .option('--rounds <n>', 'how often each system is measured', rounds, 3)
    .option('--quick', 'little of everything: to see that it works, not to rely on', false)
    .addOption(new Option('--database <kind>', "Warren's").choices(['postgres', 'pglite']).default('postgres'))
    .option('--no-floors', 'leaves out what the steps cost alone')
    .option('--profiles <folder>', "writes CPU profiles of Warren's processes there; they slow it down")
    .option('--json <file>', 'writes all figures of all rounds there')
    .addHelpText('after', HELP)
    .exitOverride()
    .parse(args, { from: 'user' })
    .opts<Options>();
}

function systemOf(name: SystemName, database: DatabaseKind): System {
  switch (name) {
    case 'warren':
      return warren(database);
    case 'celery':
      return celery('redis');
    case 'celery-postgres':
      return celery('postgres');
    case 'bullmq':
      return bullmq();
  }
}

function print(results: Results, systems: readonly System[], count: number): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, Node ${process.versions.node}`;
  const parts = systems.map(({ name, about }) => `- ${name}: ${about}`);
  const sections = [
    `${machine}. Median of ${count} rounds [least–most].`,
    parts.join('\n'),
    figuresTable(
      results,
      systems.map(({ name }) => name),
    ),
    goalsTable(results),
    ...systems.map(({ name }) => partsTable(results, name)),
    ...(results.has(FLOORS_NAME) ? [floorsTable(results, FLOORS_NAME), leastTable(results, FLOORS_NAME)] : []),
  ];
  process.stdout.write(`\n${sections.join('\n\n')}\n`);
}

async function main(args: readonly string[]): Promise<number> {
  const { phases, systems: names, quick, database, json, ...options } = readOptions(args);
  const systems = names.map((name) => systemOf(name, database));
  const results = await measure({
    ...options,
    systems,
    phases: PHASES.filter(({ name }) => phases.includes(name)),
    scale: quick ? QUICK : FULL,
    say,
  });
  if (typeof results === 'string') {
    say(`nothing is measured: ${results}`);
    return EXIT.impossible;
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, null, 2)}\n`);
  print(results, systems, options.rounds);
  return EXIT.good;
}

// What is started ends in hooks on `exit`: there is nothing to drain. A second signal must not cut them off.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => process.exit(EXIT.interrupted));
try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? EXIT.good : EXIT.usage);
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(EXIT.impossible);
}
