import type { Command } from 'commander';
import { ids, instant } from '../../scripts/replay/filter.ts';
import { act, type Deed } from '../act-on-dead-letters.ts';
import type { DeadLetter, DeadLetterFilter, Page } from '../api-types.ts';
import type { WarrenClient } from '../client.ts';
import type { Context } from '../context.ts';
import { deadLetterPages } from '../dead-letter-pages.ts';
import { EXIT } from '../exit-code.ts';
import { positive, whole } from '../options.ts';
import { age, oneLine, safe, shortened, table } from '../text.ts';
import type { AddCommands } from './command.ts';

const DEFAULT_LIMIT = 100;
const MESSAGE_CHARS = 60;

interface FilterOptions {
  readonly type?: string;
  readonly error?: string;
  readonly queue?: string;
  readonly before?: string;
  readonly after?: string;
}

interface ActOptions extends FilterOptions {
  readonly id?: readonly string[];
  readonly limit?: number;
  readonly rate?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const DESCRIPTION = {
  replay: 'send dead letters back to work; their jobs run on',
  discard: 'remove dead letters for ever; their jobs stay failed',
} as const satisfies Record<Deed, string>;

export const addDeadLetters: AddCommands = (program, run) => {
  const letters = program
    .command('dead-letters')
    .description('look at what failed for good, and send it back (admin key)');
  withFilter(letters.command('list').description('list dead letters, oldest first'))
    .option('--limit <n>', 'at most so many', whole, DEFAULT_LIMIT)
    .action((options: FilterOptions & { limit: number }, command) =>
      run(command, (context) => list(context, filterOf(options), options.limit)),
    );
  letters
    .command('show <id>')
    .description('show one in full')
    .action((id: string, _: unknown, command) => run(command, (context) => show(context, id)));
  for (const deed of ['replay', 'discard'] as const)
    withFilter(letters.command(`${deed} [ids...]`).description(DESCRIPTION[deed]))
      .option('--id <id>', 'this one (may be repeated)', ids)
      .option('--limit <n>', 'at most so many, oldest first', whole)
      .option('--rate <n>', 'at most so many a second', positive)
      .option('--dry-run', 'only say how many fit')
      .option('--yes', 'do not ask')
      .action((words: string[], { id = [], limit, rate, dryRun, yes, ...options }: ActOptions, command) =>
        run(command, (context) =>
          act(context, deed, { ids: [...words, ...id], filter: filterOf(options) }, { limit, rate, dryRun, yes }),
        ),
      );
};

const withFilter = (command: Command): Command =>
  command
    .option('--type <command>', 'of this command, e.g. answer.generate')
    .option('--error <code>', 'with this error code, e.g. provider_error')
    .option('--queue <lane>', 'that died in this lane, e.g. generator.default.normal')
    .option('--before <time>', 'died before: RFC 3339, or an age such as 2h', (text) => instant(text))
    .option('--after <time>', 'died after: RFC 3339, or an age such as 2h', (text) => instant(text));

const filterOf = ({ type, error, queue, before, after }: FilterOptions): DeadLetterFilter => ({
  ...(type !== undefined && { type }),
  ...(error !== undefined && { error_code: error }),
  ...(queue !== undefined && { queue }),
  ...(before !== undefined && { before }),
  ...(after !== undefined && { after }),
});

async function list({ client, terminal, json }: Context, filter: DeadLetterFilter, limit: number): Promise<number> {
  const page = await listed(client, filter, limit);
  if (json) terminal.out(JSON.stringify(page));
  else if (page.data.length === 0) terminal.say('No dead letter fits.');
  else {
    const head = ['ID', 'AGE', 'QUEUE', 'COMMAND', 'TRIES', 'ERROR', 'MESSAGE'];
    for (const line of table(head, page.data.map(rowOf))) terminal.out(line);
    if (page.has_more) terminal.say(`There are more; --limit ${limit * 2} shows further ones.`);
  }
  return EXIT.ok;
}

async function listed(client: WarrenClient, filter: DeadLetterFilter, limit: number): Promise<Page<DeadLetter>> {
  const data: DeadLetter[] = [];
  let last: Page<DeadLetter> | undefined;
  for await (last of deadLetterPages(client, filter, limit)) data.push(...last.data);
  return { has_more: false, next_cursor: null, ...last, data };
}

const rowOf = ({ id, died_at: diedAt, queue, type, attempts, error }: DeadLetter): string[] => [
  id,
  age(diedAt),
  oneLine(queue),
  oneLine(type),
  String(attempts),
  oneLine(error.code),
  shortened(error.message, MESSAGE_CHARS),
];

async function show({ client, terminal, json }: Context, id: string): Promise<number> {
  const letter = await client.deadLetter(id);
  if (json) terminal.out(JSON.stringify(letter));
  else
    for (const [name, value] of fieldsOf(letter)) terminal.out(`${terminal.paint.bold(name.padEnd(8))} ${safe(value)}`);
  return EXIT.ok;
}

function fieldsOf(letter: DeadLetter): [string, string][] {
  const fields: [string, string | undefined][] = [
    ['id', letter.id],
    ['job', letter.job],
    ['command', letter.command],
    ['queue', letter.queue],
    ['died', `${letter.died_at} (${age(letter.died_at)} ago)`],
    ['attempts', String(letter.attempts)],
    ['replays', letter.replay_count === undefined ? undefined : String(letter.replay_count)],
    ['error', `${letter.error.message} (${letter.error.code})`],
    ['body', letter.body === undefined ? undefined : JSON.stringify(letter.body, undefined, 2)],
  ];
  return fields.filter((field): field is [string, string] => field[1] !== undefined);
}
