import { Command, InvalidArgumentError } from 'commander';
import { Client } from 'pg';
import { eventually } from '../../support/eventually.ts';
import { startMockProcess } from '../../support/mock-process.ts';
import { type Debian, findDebian } from '../compare/machine/debian.ts';
import { markdown } from '../compare/report/markdown.ts';
import { inWords, spreadOf } from '../compare/report/spread.ts';
import { type RunningWarren, warren } from '../compare/systems/warren.ts';
import { type Cost, costOf } from './cost.ts';
import { copyId, keepCopies, storeCopies } from './stored-jobs.ts';

const numbers = (text: string): number[] =>
  text.split(',').map((each) => {
    const value = Number(each);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new InvalidArgumentError('whole numbers above 0, separated by commas');
  });

const options = new Command('npm run bench:growth --')
  .description(
    'How the cost of a job grows with what is stored, with the number of journals, and with the number of services. With Postgres and RabbitMQ as in `npm run bench`; prints tables in Markdown.',
  )
  .option(
    '--stored <n,n>',
    'jobs in the database when a measurement begins',
    numbers,
    [1_000, 10_000, 100_000, 1_000_000],
  )
  .option('--partitions <n,n>', 'journals', numbers, [1, 4, 16])
  .option('--replicas <n,n>', 'of each service, with two journals each', numbers, [1, 2])
  .parse(process.argv)
  .opts<Readonly<Record<'stored' | 'partitions' | 'replicas', readonly number[]>>>();

const ROUNDS = 3;
const say = (line: string): void => void process.stderr.write(`  ${line}\n`);

async function debianOrLeave(): Promise<Debian> {
  const found = await findDebian(say);
  if (typeof found !== 'string') return found;
  say(`nothing is measured: ${found}`);
  process.exit(1);
}

const debian = await debianOrLeave();
const model = await startMockProcess();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => process.exit(130));
process.once('exit', model.kill);

/** A Warren of its own, warm, for as long as `work` takes. */
async function withWarren<T>(replicas: number, work: (running: RunningWarren) => Promise<T>): Promise<T> {
  const place = { debian, folder: debian.scratch(), modelUrl: model.url, say };
  const running = await warren('postgres', replicas).start(place);
  try {
    await costOf(running, await someJobOf(running)); // compilers and caches have their first work behind them
    return await work(running);
  } finally {
    await running.stop();
  }
}

async function someJobOf({ databaseUrl, preload }: RunningWarren): Promise<() => string> {
  await preload(100);
  const id = await withClient(databaseUrl, endedJob);
  return () => id;
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function endedJob(client: Client): Promise<string> {
  let id: string | undefined;
  const find = async () => {
    const { rows } = await client.query<{ id: string }>(`select id from jobs where status = 'succeeded' limit 1`);
    id = rows[0]?.id;
    return id !== undefined;
  };
  await eventually(find, { within: 30_000, what: 'a job to end' });
  return id ?? '';
}

const KEYS = ['rate', 'cpu', 'push', 'get', 'list'] as const;

/** Measured several times, one after the other. */
async function row(
  what: string,
  running: RunningWarren,
  someJob: () => string,
  before: () => Promise<unknown> = async () => {},
): Promise<string[]> {
  const costs: Cost[] = [];
  while (costs.length < ROUNDS) {
    await before();
    costs.push(await costOf(running, someJob));
  }
  return [what, ...KEYS.map((key) => inWords(spreadOf(costs.map((cost) => cost[key]))))];
}

function table(title: string, rows: readonly string[][]): void {
  const header = [
    title,
    'submitted/s, 32 clients',
    'CPU, µs/job',
    'push p50, 16 clients, ms',
    'read p50, ms',
    'list of 50, p50, ms',
  ];
  process.stdout.write(`\n${markdown(header, rows)}\n`);
}

/** The same Warren, ever more stored. */
const stored = await withWarren(1, (running) =>
  withClient(running.databaseUrl, async (client) => {
    const job = await endedJob(client);
    const rows: string[][] = [];
    let copies = 0;
    for (const count of options.stored.toSorted((a, b) => a - b)) {
      await storeCopies(client, job, copies, count);
      copies = count;
      say(`${count} jobs are stored`);
      const someJob = () => copyId(Math.floor(Math.random() * count));
      rows.push(await row(count.toLocaleString('en'), running, someJob, () => keepCopies(client, job)));
    }
    return rows;
  }),
);
table('stored jobs', stored);

const split: string[][] = [];
for (const count of options.partitions) {
  process.env.PARTITIONS = String(count);
  split.push(await withWarren(1, async (running) => row(String(count), running, await someJobOf(running))));
}
delete process.env.PARTITIONS;
table('journals', split);

const replicated: string[][] = [];
for (const count of options.replicas) {
  process.env.PARTITIONS = String(2 * count);
  replicated.push(await withWarren(count, async (running) => row(String(count), running, await someJobOf(running))));
}
table('of each service', replicated);
process.exit(0);
