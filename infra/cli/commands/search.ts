import type { FoundPassage } from '../api-types.ts';
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
}

export const addSearch: AddCommands = (program, run) => {
  program
    .command('search <query>')
    .description('find the passages nearest to a query, without an answer')
    .requiredOption('-c, --collection <name>', 'where to look')
    .option('--top-k <n>', 'how many passages (10)', whole)
    .option('--mode <mode>', 'hybrid (default), vector or text', oneOf(['hybrid', 'vector', 'text']))
    .option('--filter <key=value>', 'only documents with this metadata (may be repeated)', filters)
    .action((query: string, options: SearchOptions, command) =>
      run(command, (context) => search(context, query, options)),
    );
};

async function search({ client, terminal, json }: Context, query: string, options: SearchOptions): Promise<number> {
  const { collection, topK, mode, filter } = options;
  const found = await client.search({
    collection,
    query,
    ...(topK !== undefined && { top_k: topK }),
    ...(mode !== undefined && { mode }),
    ...(filter !== undefined && { filter }),
  });
  if (json) terminal.out(JSON.stringify(found));
  else if (found.results.length === 0) terminal.say('Nothing was found.');
  else for (const [index, passage] of found.results.entries()) show(terminal, index + 1, passage);
  return EXIT.ok;
}

function show({ out, paint: { bold, dim } }: Terminal, rank: number, passage: FoundPassage): void {
  const { title, heading, document_id: document, text, score, start, end } = passage;
  const place = placeOf(title || document, heading);
  out(`${bold(`${rank}.`)} ${safe(place)} ${dim(`${score.toFixed(3)} · ${safe(document)}:${start}-${end}`)}`);
  out(`   ${shortened(text, SNIPPET_CHARS)}`);
}
