import { JOB_STATUSES, JOB_TYPES } from '../../../shared/messages/job.ts';
import { AnswerPrinter } from '../answer-printer.ts';
import type { Job, JobEvent } from '../api-types.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { follow } from '../follow.ts';
import { oneOf, whole } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { age, oneLine, safe, table } from '../text.ts';
import type { AddCommands } from './command.ts';

const DEFAULT_LIMIT = 20;
/** The gateway hands out no more at once. */
const PAGE = 100;

interface ListOptions {
  readonly status?: string;
  readonly type?: string;
  readonly collection?: string;
  readonly tag?: string;
  readonly limit: number;
}

export const addJobs: AddCommands = (program, run) => {
  program
    .command('jobs')
    .description('list jobs, newest first')
    .option('--status <status>', JOB_STATUSES.join(', '), oneOf(JOB_STATUSES))
    .option('--type <type>', JOB_TYPES.join(', '), oneOf(JOB_TYPES))
    .option('-c, --collection <name>', 'of this collection')
    .option('--tag <tag>', 'with this tag')
    .option('--limit <n>', 'at most so many', whole, DEFAULT_LIMIT)
    .action((options: ListOptions, command) => run(command, (context) => list(context, options)));
  program
    .command('job <id>')
    .description('show a job, or follow it as it runs')
    .option('-f, --follow', 'show its events as they come, until it ends')
    .option('--after <seq>', 'begin after this event', whole)
    .action((id: string, options: { follow?: true; after?: number }, command) =>
      run(command, (context) => (options.follow === true ? followJob(context, id, options.after) : show(context, id))),
    );
  program
    .command('cancel <id>')
    .description('stop a job')
    .option('--reason <text>', 'why; it is shown with the job')
    .action((id: string, { reason }: { reason?: string }, command) =>
      run(command, (context) => cancel(context, id, reason)),
    );
};

async function list({ client, terminal, json }: Context, { limit, ...filter }: ListOptions): Promise<number> {
  const jobs: Job[] = [];
  let after: string | undefined;
  do {
    const page = await client.jobs({ ...filter, limit: Math.min(PAGE, limit - jobs.length), after });
    jobs.push(...page.data);
    after = page.has_more ? (page.next_cursor ?? undefined) : undefined;
  } while (after !== undefined && jobs.length < limit);
  if (json) terminal.out(JSON.stringify({ data: jobs, has_more: after !== undefined }));
  else if (jobs.length === 0) terminal.say('No job fits.');
  else
    for (const line of table(['ID', 'TYPE', 'STATUS', 'DONE', 'AGE', 'COLLECTION', 'STAGE'], jobs.map(rowOf)))
      terminal.out(line);
  return EXIT.ok;
}

const rowOf = ({ id, type, status, progress, created_at, collection, stage, error }: Job): string[] => [
  id,
  type,
  status,
  progress.total > 0 ? `${progress.done}/${progress.total}` : '-',
  age(created_at),
  collection ?? '-',
  oneLine(error === undefined ? (stage ?? '') : `${stage ?? ''} ${error.code}`),
];

async function show({ client, terminal, json }: Context, id: string): Promise<number> {
  const job = await client.job(id);
  if (json) terminal.out(JSON.stringify(job));
  else
    for (const [name, value] of fieldsOf(job)) terminal.out(`${terminal.paint.bold(name.padEnd(10))} ${safe(value)}`);
  return EXIT.ok;
}

function fieldsOf(job: Job): [string, string][] {
  const { progress, error, result } = job;
  const fields: [string, string | undefined][] = [
    ['id', job.id],
    ['type', job.type],
    ['status', job.status],
    ['collection', job.collection],
    ['priority', job.priority],
    ['stage', job.stage],
    ['progress', progress.total > 0 ? `${progress.done} of ${progress.total}` : undefined],
    ['attempt', `${job.attempt} of ${job.max_attempts}`],
    ['next retry', job.next_retry_at],
    ['run at', job.run_at],
    ['deadline', job.deadline_at],
    ['created', job.created_at],
    ['started', job.started_at],
    ['finished', job.finished_at],
    ['error', error && `${error.message} (${error.code})`],
    ['result', result && JSON.stringify(result, undefined, 2)],
  ];
  return fields.filter((field): field is [string, string] => field[1] !== undefined);
}

async function followJob(context: Context, id: string, after?: number): Promise<number> {
  const printer = new AnswerPrinter(context.terminal);
  try {
    return await follow(context, { job: id, ...(after !== undefined && { after }) }, (event) => {
      if (event.event !== 'output.delta') {
        printer.endLine();
        context.terminal.out(lineOf(event, context.terminal));
      }
      printer.show(event);
    });
  } finally {
    printer.endLine();
  }
}

function lineOf({ seq, event, at, data }: JobEvent, { paint }: Terminal): string {
  return `${paint.dim(`${at.slice(11, 19)} ${String(seq).padStart(4)}`)} ${event} ${paint.dim(detailOf(event, data))}`.trimEnd();
}

function detailOf(event: JobEvent['event'], data: JobEvent['data']): string {
  if (event === 'job.progress') return `${data.done}/${data.total} ${data.stage}`;
  if (event === 'job.started') return String(data.stage ?? '');
  if (event === 'sources.found') return `${(data.citations as readonly unknown[] | undefined)?.length ?? 0} sources`;
  if (event === 'job.replayed') return String(data.dead_letter ?? '');
  return event === 'job.scheduled' ? String(data.run_at ?? '') : '';
}

async function cancel({ client, terminal, json }: Context, id: string, reason: string | undefined): Promise<number> {
  const job = await client.cancel(id, reason);
  terminal.out(json ? JSON.stringify(job) : `${job.id} is told to stop`);
  return EXIT.ok;
}
