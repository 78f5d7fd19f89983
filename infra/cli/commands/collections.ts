import type { Collection, Job, JobEvent } from '../api-types.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { follow } from '../follow.ts';
import { age, safe, table } from '../text.ts';
import type { AddCommands } from './command.ts';

const HEAD = ['NAME', 'DOCUMENTS', 'PASSAGES', 'MODEL', 'AGE'];

interface ReembedOptions {
  readonly model: string;
  readonly partial?: true;
}

export const addCollections: AddCommands = (program, run) => {
  const collections = program
    .command('collections')
    .description('list collections, or change their embedding model')
    .action((_: unknown, command) => run(command, list));
  collections
    .command('reembed <name>')
    .description('change the embedding model while searches go on')
    .requiredOption('-m, --model <model>', 'the new one')
    .option('--partial', 'do without passages that it cannot embed')
    .action((name: string, options: ReembedOptions, command) =>
      run(command, (context) => change(context, ({ client }) => client.reembed(name, bodyOf(options)))),
    );
  collections
    .command('rollback <name>')
    .description('go back to the former embedding model')
    .action((name: string, _: unknown, command) =>
      run(command, (context) => change(context, ({ client }) => client.rollback(name))),
    );
};

const bodyOf = ({ model, partial }: ReembedOptions) => ({
  embedding_model: model,
  ...(partial === undefined ? {} : { partial }),
});

async function list({ client, terminal, json }: Context): Promise<number> {
  const page = await client.collections();
  if (json) terminal.out(JSON.stringify(page));
  else if (page.data.length === 0) terminal.say('There is no collection yet; `warren ingest` makes one.');
  else for (const line of table(HEAD, page.data.map(rowOf))) terminal.out(line);
  return EXIT.ok;
}

function rowOf({ name, documents, passages, embedding_model, generations = [], created_at }: Collection): string[] {
  const next = generations.find(({ state }) => state === 'building');
  const model = next === undefined ? embedding_model : `${embedding_model} → ${next.embedding_model}`;
  return [name, String(documents), String(passages), model, age(created_at)];
}

/** Starts a change of model and shows how far it is. */
async function change(context: Context, start: (context: Context) => Promise<Job>): Promise<number> {
  const { terminal } = context;
  const { id } = await start(context);
  if (!context.json) terminal.say(terminal.paintErr.dim(id));
  return await follow(context, { job: id }, (event) => {
    const line = lineOf(event);
    if (line !== undefined) terminal.out(line);
  });
}

function lineOf({ event, data }: JobEvent): string | undefined {
  if (event === 'job.progress') return `${data.done} of ${data.total} passages`;
  if (event !== 'job.succeeded') return undefined;
  const { embedding_model, passages, refused } = (data.result ?? {}) as Record<string, unknown>;
  const without = refused === 0 ? '' : `, ${refused} more found by their words alone`;
  return `${safe(String(embedding_model))} answers now: ${passages} passages${without}`;
}
