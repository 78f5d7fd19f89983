import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { oneLine, table } from '../text.ts';
import type { AddCommands } from './command.ts';

export const addOperations: AddCommands = (program, run) => {
  program
    .command('queues')
    .description('how much waits in each queue (admin key)')
    .option('-a, --all', 'empty ones that nobody reads as well')
    .action(({ all }: { all?: true }, command) => run(command, (context) => queues(context, all === true)));
  program
    .command('workers')
    .description('who works on what (admin key)')
    .action((_: unknown, command) => run(command, workers));
};

const numberOr = (value: number | null | undefined): string => (value == null ? '-' : String(Math.round(value)));

async function queues({ client, terminal, json }: Context, all: boolean): Promise<number> {
  const { data } = await client.queues();
  if (json) terminal.out(JSON.stringify({ data }));
  else {
    const shown = data.filter(({ depth, consumers, unacked = 0 }) => all || depth + consumers + unacked > 0);
    const rows = shown.map(({ name, depth, unacked, consumers, oldest_age_s: oldest }) => {
      return [
        name,
        String(depth),
        numberOr(unacked),
        String(consumers),
        oldest == null ? '-' : `${numberOr(oldest)} s`,
      ];
    });
    for (const line of table(['QUEUE', 'WAITING', 'UNACKED', 'CONSUMERS', 'OLDEST'], rows)) terminal.out(line);
  }
  return EXIT.ok;
}

async function workers({ client, terminal, json }: Context): Promise<number> {
  const { data } = await client.workers();
  if (json) terminal.out(JSON.stringify({ data }));
  else if (data.length === 0) terminal.say('No worker was heard of lately.');
  else {
    const rows = data.map(({ service, pool, host, pid, busy, concurrency, models, breakers = {} }) => {
      const states = Object.entries(breakers).map(([provider, state]) => `${provider} ${state}`);
      return [
        service,
        pool,
        `${host}:${pid}`,
        concurrency === undefined ? String(busy) : `${busy}/${concurrency}`,
        oneLine(models.join(', ')) || '-',
        states.join(', ') || '-',
      ];
    });
    for (const line of table(['SERVICE', 'POOL', 'PROCESS', 'BUSY', 'MODELS', 'BREAKERS'], rows)) terminal.out(line);
  }
  return EXIT.ok;
}
