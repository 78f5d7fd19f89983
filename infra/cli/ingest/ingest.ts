import type { Context } from '../context.ts';
import { RefusedError } from '../errors.ts';
import { EXIT } from '../exit-code.ts';
import type { Progress } from '../terminal.ts';
import { count, oneLine } from '../text.ts';
import { type Batch, batches } from './batches.ts';
import { filesIn } from './files.ts';
import { Ledger } from './ledger.ts';

const PAGE = 200;
/** Failures listed by name; --json has all of them. */
const MAX_LISTED = 20;

export interface IngestOptions {
  readonly collection: string;
  /** Jobs under way at once. */
  readonly concurrency: number;
  /** Send what is searchable unchanged as well. */
  readonly force?: boolean;
}

interface Run extends Pick<Context, 'client' | 'terminal'> {
  readonly collection: string;
  readonly ledger: Ledger;
  readonly files: number;
  readonly progress: Progress;
  /** Jobs that were submitted; those that have not ended are still open. */
  readonly jobs: string[];
  readonly open: Set<string>;
}

/** Brings files into a collection and tells how each fared. @returns the exit code */
export async function ingest(context: Context, paths: readonly string[], options: IngestOptions): Promise<number> {
  const { client, terminal } = context;
  const files = await filesIn(paths);
  if (files.length === 0) terminal.say('There is no .txt, .md or .html file there.');
  const known =
    options.force === true || files.length === 0 ? new Map() : await searchable(context, options.collection);
  const progress = terminal.progress('documents');
  const ledger = new Ledger();
  const { collection } = options;
  const run: Run = { client, terminal, collection, ledger, files: files.length, progress, jobs: [], open: new Set() };
  try {
    const source = batches(files, known, ledger);
    await Promise.all(Array.from({ length: options.concurrency }, () => sendAll(run, source)));
  } catch (error) {
    if (!terminal.signal.aborted) throw error;
  } finally {
    progress.close();
  }
  return report(context, run);
}

/** Hashes of what is searchable in the collection as it stands, by document id. */
async function searchable({ client }: Context, collection: string): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  let after: string | undefined;
  try {
    do {
      const page = await client.documents(collection, { limit: PAGE, ...(after !== undefined && { after }) });
      for (const { id, status, metadata } of page.data)
        if (status === 'searchable' && typeof metadata?.sha256 === 'string') known.set(id, metadata.sha256);
      after = page.has_more ? (page.next_cursor ?? undefined) : undefined;
    } while (after !== undefined);
  } catch (error) {
    if (!(error instanceof RefusedError && error.code === 'collection_not_found')) throw error;
  }
  return known;
}

async function sendAll(run: Run, source: AsyncGenerator<Batch>): Promise<void> {
  for await (const batch of sharing(source)) {
    await send(run, batch);
    run.progress.update(run.ledger.done, run.files);
  }
}

/** Takes from a generator that others take from too, and does not end it when it stops. */
async function* sharing<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
}

/** One job. A batch that the gateway does not take is halved, until what it does not take stands alone. */
async function send(run: Run, batch: Batch): Promise<void> {
  try {
    const job = await run.client.ingest(run.collection, batch);
    run.jobs.push(job.id);
    run.open.add(job.id);
    await watch(run, job.id, batch);
    run.open.delete(job.id);
  } catch (error) {
    if (!(error instanceof RefusedError) || !isAboutDocuments(error)) throw error;
    if (batch.length === 1) run.ledger.add({ id: batch[0]?.id ?? '', status: 'failed', error: error.message });
    for (const half of batch.length === 1 ? [] : halves(batch)) await send(run, half);
  }
}

const isAboutDocuments = ({ status }: RefusedError): boolean => status === 413 || status === 415;

const halves = (batch: Batch): Batch[] => {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
};

async function watch({ client, ledger, progress, files }: Run, job: string, batch: Batch): Promise<void> {
  for await (const { event, data } of client.events(job)) {
    if (event !== 'job.progress') continue;
    ledger.progress(job, Number(data.done), Number(data.total), batch.length);
    progress.update(ledger.done, files, String(data.stage ?? ''));
  }
  ledger.settle(
    await client.job(job),
    batch.map(({ id }) => id),
  );
}

function report({ terminal, json }: Context, { ledger, collection, jobs, open }: Run): number {
  const interrupted = terminal.signal.aborted;
  const [searchable, partial, failed, unchanged] = (['searchable', 'partial', 'failed', 'unchanged'] as const).map(
    (status) => ledger.count(status),
  );
  const counts = { searchable, partial, failed, unchanged };
  if (json) terminal.out(JSON.stringify({ collection, ...counts, interrupted, jobs, documents: ledger.entries }));
  else summarise({ terminal }, counts, ledger, collection);
  if (interrupted) sayWhatGoesOn({ terminal }, open);
  if (interrupted) return EXIT.interrupted;
  return ledger.count('failed') + ledger.count('partial') > 0 ? EXIT.failed : EXIT.ok;
}

function summarise(
  { terminal }: Pick<Context, 'terminal'>,
  counts: Readonly<Record<string, number | undefined>>,
  ledger: Ledger,
  collection: string,
): void {
  const parts = Object.entries(counts).filter(([, n]) => n !== undefined && n > 0);
  terminal.out(
    `${count(ledger.entries.length, 'document')} for "${collection}": ${parts.map(([status, n]) => `${n} ${status}`).join(', ') || 'nothing done'}`,
  );
  const faulty = ledger.entries.filter(({ status }) => status === 'failed' || status === 'partial');
  for (const { id, status, error = 'no reason given' } of faulty.slice(0, MAX_LISTED))
    terminal.say(`  ${terminal.paintErr.red(status)} ${oneLine(id)}: ${oneLine(error)}`);
  if (faulty.length > MAX_LISTED) terminal.say(`  … and ${faulty.length - MAX_LISTED} more; --json lists all`);
}

function sayWhatGoesOn({ terminal }: Pick<Context, 'terminal'>, open: ReadonlySet<string>): void {
  terminal.say(
    open.size === 0
      ? 'Stopped. The same command sends the rest.'
      : `Stopped sending. ${count(open.size, 'job')} ${open.size === 1 ? 'goes' : 'go'} on in the server: ${[...open].join(' ')}
Follow one with \`warren job ID --follow\`, stop it with \`warren cancel ID\`. The same command sends the rest: what is searchable unchanged is not sent again.`,
  );
}
