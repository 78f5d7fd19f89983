import { type IngestOptions, ingest } from '../ingest/ingest.ts';
import { EXTENSIONS } from '../ingest/kinds.ts';
import { whole } from '../options.ts';
import type { AddCommands } from './command.ts';

/** Enough to keep the workers busy while the next files are read. */
const DEFAULT_CONCURRENCY = 3;

const HELP = `
Files end in ${EXTENSIONS.join(' ')}; hidden ones and node_modules are left out.

A document's id is its path from the folder that was named, the folder's name in front: docs/guide/a.md. So the same
command again is cheap: what is searchable unchanged is not sent, what another run has under way is waited for, and
nothing is embedded twice. What a run needs to know of those before it is on the server; after Ctrl-C, a crash, or on
another machine the same command goes on.

--prune removes documents below the named folders whose files are gone, and asks first. Documents that came into the
collection in another way are never removed.

--watch goes on with every change: new and changed files are sent, documents of deleted files are removed at once.

Examples:
  warren ingest docs README.md -c handbook
  warren ingest docs -c handbook --prune --dry-run       # what would be added, replaced and removed
  warren ingest docs -c handbook --prune --yes           # the collection becomes as the folder is
  warren ingest notes -c notes --watch                   # and stays so until Ctrl-C
  warren ingest docs -c handbook --json | jq '.documents[] | select(.status == "failed")'`;

export const addIngest: AddCommands = (program, run) => {
  program
    .command('ingest <path...>')
    .description('bring text, Markdown, HTML, PDF and DOCX files into a collection; folders are walked')
    .requiredOption('-c, --collection <name>', 'made when it does not exist')
    .option('--prune', 'remove documents whose files are gone')
    .option('--watch', 'go on with every change of the files')
    .option('--dry-run', 'only say what would be done')
    .option('--yes', 'do not ask before removing')
    .option('--concurrency <n>', 'jobs under way at once', whole, DEFAULT_CONCURRENCY)
    .option('--force', 'send what is searchable unchanged as well')
    .addHelpText('after', HELP)
    .action((paths: string[], options: IngestOptions, command) =>
      run(command, (context) => ingest(context, paths, options)),
    );
};
