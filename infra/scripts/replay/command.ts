import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { BrokerUnavailableError, type DeadLetters } from '../../../shared/bus/bus.ts';
import { type ActCommand, act, type Deed } from './act.ts';
import { SetupError } from './broker.ts';
import { EXIT } from './exit-code.ts';
import { type FilterOptions, filterOf, ids, instant } from './filter.ts';
import { detail, table } from './show.ts';
import type { Terminal } from './terminal.ts';

const LIST_LIMIT = 100;

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number from 1 on');
  return value;
};

const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('give a number above 0');
  return value;
};

const HELP = `
Examples:
  npm run replay -- list --error provider_error --after 2h
  npm run replay -- show dl_0198...
  npm run replay -- replay --type answer.generate --dry-run
  npm run replay -- replay --queue generator.gpu.normal --rate 5 --yes
  npm run replay -- discard --before 30d

The broker is AMQP_URL, or that of the Warren running in DATA_DIR (.data). Set PARTITIONS when the services do.
It talks to the broker only, so it does not know what became of a letter's job: the letter of one that is gone, or is
not failed any more, is used up and does nothing. \`warren dead-letters replay\` asks the gateway, which looks first.
A replay may be stopped or killed at any time: nothing is lost and nothing runs twice.

Exit codes: 0 done · 1 not found or some skipped · 2 wrong use, or nobody said yes · 3 broker away · 130 Ctrl-C`;

type Connected = (use: (dead: DeadLetters) => Promise<number>) => Promise<number>;

/**
 * The command line over the dead letters. `connected` hands the broker's dead letters to what needs them.
 * Resolves with the exit code; every word goes to `terminal`.
 */
export async function runReplay(args: readonly string[], connected: Connected, terminal: Terminal): Promise<number> {
  let code: number = EXIT.done;
  const program = build(terminal, async (use) => {
    code = await connected(use);
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, terminal);
  }
}

function build(terminal: Terminal, run: (use: (dead: DeadLetters) => Promise<number>) => Promise<void>): Command {
  const program = new Command('replay')
    .description('Looks at dead letters and sends them back to work.')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });

  withFilter(program.command('list').description('list dead letters, oldest first'))
    .option('--limit <n>', 'at most so many', whole, LIST_LIMIT)
    .option('--json', 'print JSON')
    .action((options: FilterOptions & { limit: number; json?: true }) => run((dead) => list(dead, options, terminal)));

  program
    .command('show <id>')
    .description('show one dead letter in full')
    .option('--json', 'print JSON')
    .action((id: string, options: { json?: true }) => run((dead) => show(dead, id, options.json === true, terminal)));

  for (const deed of ['replay', 'discard'] as const)
    withFilter(program.command(`${deed} [ids...]`).description(DESCRIPTION[deed]))
      .option('--limit <n>', 'at most so many, oldest first', whole)
      .option('--rate <n>', 'at most so many a second', positive)
      .option('--dry-run', 'only say how many fit')
      .option('--yes', 'do not ask')
      .option('--json', 'print JSON')
      .action((words: string[], options: FilterOptions & ActCommand) =>
        run((dead) => act(deed, dead, filterOf(words, options), options, terminal)),
      );
  return program;
}

const DESCRIPTION = {
  replay: 'send dead letters back to the lanes where they died; their jobs run on',
  discard: 'remove dead letters for ever; their jobs stay failed',
} as const satisfies Record<Deed, string>;

const withFilter = (command: Command): Command =>
  command
    .option('--id <id>', 'this one (may be repeated)', ids)
    .option('--type <command>', 'of this command, e.g. answer.generate')
    .option('--error <code>', 'with this error code, e.g. provider_error')
    .option('--queue <lane>', 'that died in this lane, e.g. generator.default.normal')
    .option('--before <time>', 'died before: RFC 3339, or an age such as 2h', (text) => instant(text))
    .option('--after <time>', 'died after: RFC 3339, or an age such as 2h', (text) => instant(text));

async function list(
  dead: DeadLetters,
  options: FilterOptions & { limit: number; json?: true },
  terminal: Terminal,
): Promise<number> {
  const found = await dead.list(filterOf([], options), options.limit);
  if (options.json === true) terminal.out(JSON.stringify({ data: found }));
  else if (found.length === 0) terminal.out('No dead letter fits.');
  else for (const line of table(found)) terminal.out(line);
  return EXIT.done;
}

async function show(dead: DeadLetters, id: string, json: boolean, terminal: Terminal): Promise<number> {
  const letter = await dead.get(id);
  if (letter === undefined) {
    terminal.err(`There is no dead letter ${id}.`);
    return EXIT.partly;
  }
  if (json) terminal.out(JSON.stringify(letter));
  else for (const line of detail(letter)) terminal.out(line);
  return EXIT.done;
}

function explain(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  terminal.err(error instanceof Error ? error.message : String(error));
  if (error instanceof SetupError) return EXIT.usage;
  if (error instanceof BrokerUnavailableError) return EXIT.broker;
  return terminal.signal.aborted ? EXIT.interrupted : EXIT.partly;
}
