import { type IngestOptions, ingest } from '../ingest/ingest.ts';
import { whole } from '../options.ts';
import type { AddCommands } from './command.ts';

/** Enough to keep the workers busy while the next files are read. */
const DEFAULT_CONCURRENCY = 3;

export const addIngest: AddCommands = (program, run) => {
  program
    .command('ingest <path...>')
    .description('bring .txt, .md and .html files into a collection; folders are walked')
    .requiredOption('-c, --collection <name>', 'made when it does not exist')
    .option('--concurrency <n>', 'jobs under way at once', whole, DEFAULT_CONCURRENCY)
    .option('--force', 'send what is searchable unchanged as well')
    .action((paths: string[], options: IngestOptions, command) =>
      run(command, (context) => ingest(context, paths, options)),
    );
};
