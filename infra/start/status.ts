import { resolve } from 'node:path';
import { PROJECT_ROOT } from './project-root.ts';
import { reportFailure } from './report-failure.ts';
import { type Report, readHealth } from './status/health.ts';
import { table } from './status/table.ts';
import { claimant } from './supervisor/claim.ts';
import { readRunFile } from './supervisor/run-file.ts';

const EXIT_HEALTHY = 0;
const EXIT_UNHEALTHY = 1;
const EXIT_NOT_RUNNING = 3;

function show(report: Report, json: boolean): number {
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : table(report));
  return report.healthy ? EXIT_HEALTHY : EXIT_UNHEALTHY;
}

function notRunning(dataDir: string, supervisor: number | undefined, json: boolean): number {
  const starting = supervisor !== undefined;
  const text = starting
    ? `Warren on ${dataDir} is starting or stopping (pid ${supervisor}).`
    : `No Warren runs on ${dataDir}. Start one with: npm start`;
  process.stdout.write(
    json ? `${JSON.stringify({ healthy: false, running: starting, data_dir: dataDir })}\n` : `${text}\n`,
  );
  return starting ? EXIT_UNHEALTHY : EXIT_NOT_RUNNING;
}

/** `npm run status`: what runs on this data folder and how it is. Exit code 0 healthy, 1 not, 3 not running. */
async function main(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const dataDir = resolve(PROJECT_ROOT, process.env.DATA_DIR || '.data');
  const supervisor = claimant(dataDir);
  const run = readRunFile(dataDir);
  if (!run || supervisor === undefined) return notRunning(dataDir, supervisor, json);
  return show(await readHealth(run), json);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  reportFailure(error);
}
