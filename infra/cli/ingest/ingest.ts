import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-code.ts';
import { carryOut } from './carry-out.ts';
import { filesIn } from './files.ts';
import { EXTENSIONS } from './kinds.ts';
import { preview } from './preview.ts';
import { agreed, vanished } from './remove.ts';
import { type Root, rootsOf } from './roots.ts';
import { type Standing, standingOf } from './standing.ts';
import { followChanges } from './watch/follow-changes.ts';
import { watchFiles } from './watch/watch-files.ts';

export interface IngestOptions {
  readonly collection: string;
  /** Jobs under way at once. */
  readonly concurrency: number;
  /** Send everything, also what is searchable unchanged. */
  readonly force?: boolean;
  /** Remove documents whose files are gone. */
  readonly prune?: boolean;
  /** Do not ask before that. */
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  /** Go on with every change of the files. */
  readonly watch?: boolean;
}

/** Brings files into a collection and tells how each fared. @returns the exit code */
export async function ingest(context: Context, paths: readonly string[], options: IngestOptions): Promise<number> {
  const roots = await rootsOf(paths);
  if (options.watch !== true || options.dryRun === true) return (await bringIn(context, roots, options)).code;
  // Watching begins first: what changes during the first run is not missed.
  const changes = await watchFiles(roots);
  try {
    const { code, standing } = await bringIn(context, roots, options);
    if (context.terminal.signal.aborted || code === EXIT.usage) return code;
    return await followChanges(context, roots, changes, { ...options, searchable: standing.searchable });
  } finally {
    await changes.close();
  }
}

/** One run over all files. */
async function bringIn(
  context: Context,
  roots: readonly Root[],
  options: IngestOptions,
): Promise<{ code: number; standing: Standing }> {
  const files = await filesIn(roots);
  if (files.length === 0) context.terminal.say(`There is no file there whose name ends in ${EXTENSIONS.join(' ')}.`);
  const found = await standingOf(context.client, options.collection);
  const standing = options.force === true ? { ...found, searchable: new Map(), underWay: new Map() } : found;
  const gone = options.prune === true ? vanished(standing, roots, files) : [];
  if (options.dryRun === true)
    return { standing, code: await preview(context, options.collection, files, standing, gone) };
  if (gone.length > 0 && files.length === 0)
    throw new UsageError(`no file is left of ${gone.length}; is the right folder there? Nothing was removed.`);
  if (gone.length > 0 && !(await agreed(context, gone, options.yes === true)))
    return { standing, code: context.terminal.signal.aborted ? EXIT.interrupted : EXIT.usage };
  return { standing, code: await carryOut(context, { files, gone, standing, ...options }) };
}
