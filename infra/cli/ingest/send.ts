import type { Context } from '../context.ts';
import { RefusedError } from '../errors.ts';
import type { Progress } from '../terminal.ts';
import { type Batch, type Errand, errands } from './errands.ts';
import type { File } from './files.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { Standing } from './standing.ts';

/** One bringing in of files. */
export interface Run extends Pick<Context, 'client'> {
  readonly collection: string;
  readonly ledger: Ledger;
  readonly standing: Pick<Standing, 'searchable' | 'underWay'>;
  readonly progress: Progress;
  readonly files: number;
  /** Jobs that were submitted or followed; those that have not ended are still open. */
  readonly jobs: Set<string>;
  readonly open: Set<string>;
}

/**
 * Sends what the collection does not have and waits for it, so many jobs at once. After an error nothing more is sent,
 * and what is under way is waited for: who tries again knows then what became of it.
 */
export async function send(run: Run, files: readonly File[], concurrency: number): Promise<void> {
  const source = errands(files, run.standing, run.ledger);
  const errors: unknown[] = [];
  const sender = async () => {
    for await (const errand of sharing(source)) {
      await attend(run, errand);
      run.progress.update(run.ledger.done, run.files);
    }
  };
  const stop = async (error: unknown) => {
    errors.push(error);
    await source.return(undefined);
  };
  await Promise.all(Array.from({ length: concurrency }, () => sender().catch(stop)));
  if (errors.length > 0) throw errors[0];
}

/** Takes from a generator that others take from too, and does not end it when it stops. */
async function* sharing<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
}

async function attend(run: Run, errand: Errand): Promise<void> {
  if ('send' in errand) return await submit(run, errand.send);
  await follow(run, errand.follow, errand.ids);
}

/** One job. A batch that the gateway does not take is halved, until what it does not take stands alone. */
async function submit(run: Run, batch: Batch): Promise<void> {
  try {
    const job = await run.client.ingest(run.collection, batch);
    const settled = await follow(
      run,
      job.id,
      batch.map(({ id }) => id),
    );
    remember(run, batch, settled);
  } catch (error) {
    if (!(error instanceof RefusedError) || !isAboutDocuments(error)) throw error;
    if (batch.length === 1) run.ledger.add({ id: batch[0]?.id ?? '', status: 'failed', error: error.message });
    for (const half of batch.length === 1 ? [] : halves(batch)) await submit(run, half);
  }
}

const isAboutDocuments = ({ status }: RefusedError): boolean => status === 413 || status === 415;

const halves = (batch: Batch): Batch[] => {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
};

/** Follows a job to its end. */
async function follow(run: Run, job: string, ids: readonly string[]): Promise<Entry[]> {
  const { client, ledger, progress, files } = run;
  run.jobs.add(job);
  run.open.add(job);
  for await (const { event, data } of client.events(job)) {
    if (event !== 'job.progress') continue;
    ledger.progress(job, Number(data.done), Number(data.total), ids.length);
    progress.update(ledger.done, files, String(data.stage ?? ''));
  }
  const settled = ledger.settle(await client.job(job), ids);
  run.open.delete(job);
  return settled;
}

/** What is searchable now is not sent again by this process. */
function remember({ standing: { searchable } }: Run, batch: Batch, settled: readonly Entry[]): void {
  const fine = new Set(settled.flatMap(({ id, status }) => (isSearchable(status) ? id : [])));
  for (const { id, metadata } of batch) {
    if (fine.has(id)) searchable.set(id, metadata.sha256);
    else searchable.delete(id);
  }
}

const isSearchable = (status: Entry['status']): boolean => status === 'searchable' || status === 'unchanged';
