import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { age, table } from '../text.ts';
import type { AddCommands } from './command.ts';

const HEAD = ['NAME', 'DOCUMENTS', 'PASSAGES', 'MODEL', 'AGE'];

export const addCollections: AddCommands = (program, run) => {
  program
    .command('collections')
    .description('list collections')
    .action((_: unknown, command) => run(command, list));
};

async function list({ client, terminal, json }: Context): Promise<number> {
  const page = await client.collections();
  if (json) terminal.out(JSON.stringify(page));
  else if (page.data.length === 0) terminal.say('There is no collection yet; `warren ingest` makes one.');
  else {
    const rows = page.data.map(({ name, documents, passages, embedding_model: model, created_at: created }) => {
      return [name, String(documents), String(passages), model, age(created)];
    });
    for (const line of table(HEAD, rows)) terminal.out(line);
  }
  return EXIT.ok;
}
