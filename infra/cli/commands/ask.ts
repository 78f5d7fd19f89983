import { AnswerPrinter } from '../answer-printer.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { follow } from '../follow.ts';
import { filters, fraction, priority, whole } from '../options.ts';
import type { AddCommands } from './command.ts';

interface AskOptions {
  readonly collection: string;
  readonly topK?: number;
  readonly rerankTo?: number;
  readonly mmr?: number | true;
  readonly model?: string;
  readonly filter?: Readonly<Record<string, unknown>>;
  readonly priority?: 'high' | 'normal' | 'low';
  readonly detach?: boolean;
}

export const addAsk: AddCommands = (program, run) => {
  program
    .command('ask <question>')
    .description('ask a question; the answer streams in, its sources follow as footnotes')
    .requiredOption('-c, --collection <name>', 'where the answer is to be found')
    .option('--top-k <n>', 'passages to look for (10)', whole)
    .option('--rerank-to <n>', 'passages that the answer may rest on (3)', whole)
    .option('--mmr [lambda]', 'choose these by what each adds, from 0 (difference) to 1 (relevance); 0.7', fraction)
    .option('--model <name>', 'who is to write the answer')
    .option('--filter <filter>', 'only documents with this metadata: key=value or JSON (may be repeated)', filters)
    .option('--priority <lane>', 'high, normal or low', priority)
    .option('--detach', 'only print the id of the job')
    .action((question: string, options: AskOptions, command) =>
      run(command, (context) => ask(context, question, options)),
    );
};

async function ask(context: Context, question: string, options: AskOptions): Promise<number> {
  const { client, terminal, json } = context;
  const job = await client.submit({
    type: 'ask',
    input: inputOf(question, options),
    ...(options.priority !== undefined && { priority: options.priority }),
  });
  if (options.detach === true) {
    terminal.out(json ? JSON.stringify(job) : job.id);
    return EXIT.ok;
  }
  const printer = new AnswerPrinter(terminal);
  try {
    return await follow(context, { job: job.id }, (event) => printer.show(event));
  } finally {
    printer.endLine();
  }
}

const inputOf = (question: string, { collection, topK, rerankTo, mmr, model, filter }: AskOptions) => ({
  collection,
  question,
  ...(topK !== undefined && { top_k: topK }),
  ...(rerankTo !== undefined && { rerank_to: rerankTo }),
  ...(mmr !== undefined && { mmr: mmr === true ? mmr : { lambda: mmr } }),
  ...(model !== undefined && { model }),
  ...(filter !== undefined && { filter }),
});
