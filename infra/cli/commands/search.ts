import type { Explanation, FoundPassage } from '../api-types.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { filters, oneOf, whole } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { placeOf, safe, shortened } from '../text.ts';
import type { AddCommands } from './command.ts';

const SNIPPET_CHARS = 240;

interface SearchOptions {
  readonly collection: string;
  readonly topK?: number;
  readonly mode?: string;
  readonly filter?: Readonly<Record<string, unknown>>;
  readonly explain?: boolean;
}

export const addSearch: AddCommands = (program, run) => {
  program
    .command('search <query>')
    .description('find the passages nearest to a query, without an answer')
    .requiredOption('-c, --collection <name>', 'where to look')
    .option('--top-k <n>', 'how many passages (10)', whole)
    .option('--mode <mode>', 'hybrid (default), vector or text', oneOf(['hybrid', 'vector', 'text']))
    .option('--filter <filter>', 'only documents with this metadata: key=value or JSON (may be repeated)', filters)
    .option('--explain', 'tell how each score came about')
    .action((query: string, options: SearchOptions, command) =>
      run(command, (context) => search(context, query, options)),
    );
};

async function search({ client, terminal, json }: Context, query: string, options: SearchOptions): Promise<number> {
  const { collection, topK, mode, filter, explain } = options;
  const found = await client.search({
    collection,
    query,
    ...(topK !== undefined && { top_k: topK }),
    ...(mode !== undefined && { mode }),
    ...(filter !== undefined && { filter }),
    ...(explain !== undefined && { explain }),
  });
  if (json) terminal.out(JSON.stringify(found));
  else if (found.results.length === 0) terminal.say('Nothing was found.');
  else for (const [index, passage] of found.results.entries()) show(terminal, index + 1, passage);
  return EXIT.ok;
}

function show({ out, paint: { bold, dim } }: Terminal, rank: number, passage: FoundPassage): void {
  const { title, heading, document_id: document, text, score, start, end, page, explain } = passage;
  const place = placeOf(title || document, heading, page);
  out(`${bold(`${rank}.`)} ${safe(place)} ${dim(`${score.toFixed(3)} · ${safe(document)}:${start}-${end}`)}`);
  out(`   ${shortened(text, SNIPPET_CHARS)}`);
  if (explain !== undefined) out(`   ${dim(explained(explain))}`);
}

const around = (context: number | undefined): string =>
  context === undefined ? '' : `, around it ${context.toFixed(3)}`;

/** The sum that makes the score. */
function explained({ weight, dense, lexical }: Explanation): string {
  const meaning = dense
    ? `${dense.scaled.toFixed(3)} (dense #${dense.rank}, similarity ${dense.similarity.toFixed(3)}${around(dense.context)})`
    : '0 (dense: not near)';
  const words = lexical
    ? `${lexical.scaled.toFixed(3)} (words #${lexical.rank}, BM25 ${lexical.bm25.toFixed(2)})`
    : '0 (words: none)';
  return `${weight.toFixed(2)} × ${meaning} + ${(1 - weight).toFixed(2)} × ${words}`;
}
