import { Command, CommanderError } from 'commander';
import { addAsk } from './commands/ask.ts';
import { addCollections } from './commands/collections.ts';
import type { Action, Run } from './commands/command.ts';
import { addDeadLetters } from './commands/dead-letters.ts';
import { addIngest } from './commands/ingest.ts';
import { addJobs } from './commands/jobs.ts';
import { addOperations } from './commands/operations.ts';
import { addSearch } from './commands/search.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import type { Terminal } from './terminal.ts';
import { safe } from './text.ts';

const DESCRIPTION = 'Warren on the command line: bring documents in, ask, and watch the jobs that do it.';

const HELP = `
Examples:
  warren ingest docs README.md --collection handbook      # folders are walked; again: only what changed is sent
  warren ingest docs -c handbook --prune                  # also removes documents whose files are gone
  warren ingest docs -c handbook --watch                  # goes on with every change
  warren ask "When do unused days lapse?" -c handbook     # the answer streams in, its sources as footnotes
  warren search "unused days" -c handbook --top-k 3 --json | jq '.results[].text'
  warren ask "Summarise the rules" -c handbook --detach   # prints the job's id; follow it later, from anywhere:
  warren job job_0198... --follow
  warren jobs --status failed --limit 50
  warren dead-letters list --error provider_error --after 2h
  warren dead-letters replay --error provider_error --rate 5 --dry-run

The gateway is --url, else WARREN_URL, else that of the Warren running here (run.json in DATA_DIR), else
http://127.0.0.1:8000. The key is --key, else WARREN_API_KEY; without API_KEYS the gateway needs none.

With --json results go to stdout as one JSON document; \`ask\` and \`job --follow\` print one event a line.
Words for people go to stderr. A stream that breaks is resumed after the last event seen.

Exit codes: 0 done · 1 a job or document failed · 2 wrong use, or nobody said yes · 3 no gateway answers ·
4 not found · 5 not authorised · 130 Ctrl-C (what was submitted goes on in the server)`;

/** Carries out one command line; resolves with its exit code. Every word goes to `terminal`. */
export async function runCli(args: readonly string[], env: NodeJS.ProcessEnv, terminal: Terminal): Promise<number> {
  let code: number = EXIT.ok;
  const run = async (command: Command, action: Action) => {
    code = await action(contextOf(command.optsWithGlobals<GlobalOptions>(), env, terminal));
  };
  try {
    await build(terminal, run).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, terminal);
  }
}

function build(terminal: Terminal, run: Run): Command {
  const program = new Command('warren')
    .description(DESCRIPTION)
    .option('--url <url>', 'where the gateway is')
    .option('--key <key>', 'API key')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .showHelpAfterError('(warren --help says more)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.say(text.trimEnd()),
    });
  for (const add of [addIngest, addAsk, addSearch, addJobs, addCollections, addDeadLetters, addOperations])
    add(program, run);
  return program;
}

function explain(error: unknown, terminal: Terminal): number {
  if (terminal.signal.aborted) return EXIT.interrupted;
  if (!(error instanceof CommanderError))
    terminal.say(terminal.paintErr.red(safe(error instanceof Error ? error.message : String(error))));
  const code = exitCodeOf(error);
  if (code === EXIT.unreachable)
    terminal.say('Is Warren running? `npm start` starts it; --url or WARREN_URL says where it is.');
  if (code === EXIT.unauthorised) terminal.say('Give a key that may do this with --key or WARREN_API_KEY.');
  return code;
}
