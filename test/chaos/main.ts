import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExpectedFailure } from '../../infra/start/expected-failure.ts';
import { PROJECT_ROOT } from '../../infra/start/project-root.ts';
import { type ChaosOptions, readOptions } from './options.ts';
import { describeStrike, drawPlan, nominalMs, type Round } from './plan.ts';
import { broken, table } from './report.ts';
import { type RunOptions, run } from './run.ts';
import { layoutOf } from './system/layout.ts';

const EXIT = { kept: 0, broken: 1, usage: 2, interrupted: 130 } as const;
const CACHE = join(PROJECT_ROOT, '.data', 'cache');

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function printPlan(plan: readonly Round[]): void {
  let atMs = 0;
  for (const [n, round] of plan.entries()) {
    const at = `${(atMs / 1000).toFixed(0).padStart(5)} s`;
    process.stdout.write(`${at}  ${n + 1}. ${round.strikes.map(describeStrike).join(' + ')}\n`);
    atMs += nominalMs(round);
  }
}

/** Ctrl-C ends the disturbances and still balances the books; the second one ends everything at once. */
function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    say('stopping: no more disturbances, then the books are balanced (again to stop at once)');
    stop.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return stop.signal;
}

function systemOf({ replicas, broker, brokerNodes, database }: ChaosOptions, dataDir: string): RunOptions['system'] {
  const postgresUrl = process.env.TEST_DATABASE_URL;
  if (database === 'postgres' && !postgresUrl)
    throw new ExpectedFailure('--database postgres needs TEST_DATABASE_URL, a Postgres with pgvector.');
  return {
    replicas,
    broker,
    brokerNodes,
    database,
    dataDir,
    cacheDir: CACHE,
    say,
    ...(postgresUrl ? { postgresUrl } : {}),
  };
}

/** `npm run chaos`. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) return EXIT.kept;
  const { seed, minutes, nemeses, replicas, brokerNodes, database } = options;
  const plan = drawPlan({ seed, minutes, nemeses, layout: layoutOf(replicas, brokerNodes) });
  if (options.plan) {
    printPlan(plan);
    return EXIT.kept;
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'warren-chaos-'));
  say(`seed ${seed}, ${minutes} minutes, ${plan.length} rounds; logs in ${join(dataDir, 'logs')}`);
  const { ledger, violations, version } = await run({
    seed,
    plan,
    jobs: options.jobs,
    system: systemOf(options, dataDir),
    say,
    signal: untilInterrupted(),
  });
  const about = { seed, minutes, replicas, broker: version, database, nemeses: nemeses.map(({ name }) => name) };
  process.stdout.write(
    `\n${table(ledger, `Chaos: seed ${seed}, ${minutes} minutes, RabbitMQ ${version}, ${database}`)}\n`,
  );
  process.stdout.write(`\n${JSON.stringify({ ...about, ...ledger }, undefined, 2)}\n`);
  if (violations.length === 0) {
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
    return EXIT.kept;
  }
  writeFileSync(join(dataDir, 'violations.json'), JSON.stringify(violations, undefined, 2));
  say(`\n${broken(violations)}\n\nLogs and violations are kept in ${dataDir}.`);
  return EXIT.broken;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof ExpectedFailure) {
    if (error.message !== '') say(error.message);
  } else say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = EXIT.usage;
}
// Whatever a disturbance left hanging ends with us.
process.exit();
