import type { Context } from '../context.ts';
import type { File } from './files.ts';
import { Ledger } from './ledger.ts';
import { remove } from './remove.ts';
import { report } from './report.ts';
import { send } from './send.ts';
import type { Standing } from './standing.ts';

/** What one run is to do. */
export interface Order {
  readonly collection: string;
  /** Jobs under way at once. */
  readonly concurrency: number;
  readonly files: readonly File[];
  /** Ids of documents to remove, once the files are in. */
  readonly gone: readonly string[];
  readonly standing: Pick<Standing, 'searchable' | 'underWay'>;
}

/** Sends files, removes what is gone and reports. @returns the exit code */
export async function carryOut(
  context: Context,
  { collection, concurrency, files, gone, standing }: Order,
): Promise<number> {
  const { client, terminal } = context;
  const progress = terminal.progress('documents');
  const ledger = new Ledger();
  const done = { collection, ledger, jobs: new Set<string>(), open: new Set<string>() };
  try {
    await send({ client, standing, progress, files: files.length, ...done }, files, concurrency);
    await remove(context, collection, gone, ledger);
  } catch (error) {
    if (!terminal.signal.aborted) throw error;
  } finally {
    progress.close();
  }
  return report(context, done);
}
