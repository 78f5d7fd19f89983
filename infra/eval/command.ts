import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { WarrenClient } from '../cli/client.ts';
import { EXIT, exitCodeOf } from '../cli/exit-code.ts';
import { whole } from '../cli/options.ts';
import type { Terminal } from '../cli/terminal.ts';
import { safe } from '../cli/text.ts';
import { type Change, changesSince, dropsIn, readBaseline } from './baseline.ts';
import { type Corpus, readCorpus } from './dataset/corpus.ts';
import { readQuestions } from './dataset/questions.ts';
import { evaluate, type Plan } from './evaluate.ts';
import { HELP } from './help.ts';
import type { Address, Reached } from './reach.ts';
import { type Report, reportOf } from './report.ts';
import { MODES, type Mode } from './searches.ts';
import { tables } from './tables.ts';

const K = 10;
const CONCURRENCY = 4;
const MAX_K = 100;

interface Options extends Address {
  readonly corpus: string;
  readonly queries: string;
  readonly qrels: string;
  readonly collection?: string;
  readonly k: number;
  readonly modes: readonly Mode[];
  readonly concurrency: number;
  readonly answers?: true;
  readonly answerModel: string;
  readonly baseline?: string;
  readonly json?: string;
}

/** Finds a Warren, or starts one. */
export type Reach = (address: Address) => Promise<Reached>;

const modes = (text: string): Mode[] => {
  const words = text.split(',').map((word) => word.trim());
  const known = MODES.filter((mode) => words.includes(mode));
  if (known.length !== words.length) throw new InvalidArgumentError(`give some of ${MODES.join(', ')}`);
  return known;
};

const depth = (text: string): number => {
  const k = whole(text);
  if (k > MAX_K) throw new InvalidArgumentError(`give at most ${MAX_K}`);
  return k;
};

/** Carries out one command line; resolves with its exit code. Paths are relative to `folder`. */
export async function runEval(
  args: readonly string[],
  { terminal, env, folder }: { terminal: Terminal; env: NodeJS.ProcessEnv; folder: string },
  reach: Reach,
): Promise<number> {
  let code: number = EXIT.ok;
  const path = (text: string) => resolve(folder, text);
  const program = new Command('eval')
    .description('Measures how well a corpus is searched, through the public API.')
    .requiredOption('--corpus <file>', 'documents, as JSON lines', path)
    .requiredOption('--queries <file>', 'questions, as JSON lines', path)
    .requiredOption('--qrels <file>', 'which documents answer which question, as JSON lines', path)
    .option('--collection <name>', 'where the corpus goes (default: a name made from its content)')
    .option('--k <n>', 'documents that count of each ranking', depth, K)
    .option('--modes <list>', 'the first is compared with the others', modes, [...MODES])
    .option('--concurrency <n>', 'requests under way at once', whole, CONCURRENCY)
    .option('--answers', 'ask each question as well, and score what its answer cites')
    .option('--answer-model <name>', 'who writes these answers', 'extractive')
    .option('--baseline <file>', 'compare with the JSON of an earlier run; a significant drop is a failure', path)
    .option('--json <file>', 'write the results here, for a later --baseline; - for stdout', (text) =>
      text === '-' ? text : path(text),
    )
    .option('--url <url>', 'where the gateway is (default: the Warren of DATA_DIR)')
    .option('--key <key>', 'API key')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.say(text.trimEnd()),
    })
    .action(async (options: Options) => {
      const { url = env.WARREN_URL || undefined, key = env.WARREN_API_KEY || undefined } = options;
      code = await run({ ...options, url, key }, terminal, reach);
    });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, terminal);
  }
}

async function run(options: Options, terminal: Terminal, reach: Reach): Promise<number> {
  // What is wrong with the files shows before anything is started.
  const before = options.baseline === undefined ? undefined : await readBaseline(options.baseline, options.k);
  const corpus = await readCorpus(options.corpus);
  const questions = await readQuestions(options.queries, options.qrels);
  const { url, key, release } = await reach(options);
  try {
    const client = new WarrenClient({ url, key, signal: terminal.signal });
    const report = reportOf(
      await evaluate({ client, terminal, json: false }, corpus, questions, planOf(options, corpus)),
    );
    const changes = before === undefined ? [] : changesSince(before, report);
    await print(report, changes, options.json, terminal);
    const drops = dropsIn(changes);
    for (const drop of drops) terminal.say(terminal.paintErr.red(`worse than the baseline: ${drop}`));
    return drops.length > 0 ? EXIT.failed : EXIT.ok;
  } finally {
    await release();
  }
}

const HASH_CHARS = 12;

const planOf = (
  { collection, k, modes: asked, concurrency, answers, answerModel }: Options,
  { sha256 }: Corpus,
): Plan => ({
  // A changed corpus goes into a collection of its own, so that no document of another one is found.
  collection: collection ?? `eval-${sha256.slice(0, HASH_CHARS)}`,
  k,
  modes: asked,
  concurrency,
  answerModel: answers === true ? answerModel : undefined,
});

async function print(
  report: Report,
  changes: readonly Change[],
  json: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (json === '-') return terminal.write(text);
  if (json !== undefined) await writeFile(json, text);
  for (const line of tables(report, changes)) terminal.out(line);
}

function explain(error: unknown, terminal: Terminal): number {
  if (terminal.signal.aborted) {
    terminal.say('Stopped. The same command goes on where it was: what is searchable is not embedded again.');
    return EXIT.interrupted;
  }
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  terminal.say(terminal.paintErr.red(safe(error instanceof Error ? error.message : String(error))));
  return exitCodeOf(error);
}
