import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../../context.ts';
import { RefusedError, UnreachableError } from '../../errors.ts';
import { EXIT } from '../../exit-code.ts';
import { safe } from '../../text.ts';
import { carryOut, type Order } from '../carry-out.ts';
import { idOf } from '../document.ts';
import type { File } from '../files.ts';
import { isInside, nameOf, type Root } from '../roots.ts';
import { standingOf } from '../standing.ts';
import type { Changes } from './watch-files.ts';

const RETRY_MS = 5_000;

interface Following extends Pick<Order, 'collection' | 'concurrency'> {
  /** Hash of what is searchable, by document id; kept up to date. */
  readonly searchable: Map<string, string>;
}

/** Brings every change of the files into the collection until it is told to stop. @returns the exit code */
export async function followChanges(
  context: Context,
  roots: readonly Root[],
  changes: Changes,
  following: Following,
): Promise<number> {
  const { terminal } = context;
  terminal.say('Watching for changes; Ctrl-C stops.');
  let again = false;
  for (
    let paths = await changes.next(terminal.signal);
    paths !== undefined;
    paths = await changes.next(terminal.signal)
  ) {
    try {
      await bringIn(context, await lookAt(context, roots, paths), following, again);
      again = false;
    } catch (error) {
      if (!mayPass(error)) throw error;
      again = true;
      terminal.say(`${safe((error as Error).message)}; trying again in ${RETRY_MS / 1000} s`);
      changes.again(paths);
      await sleep(RETRY_MS, undefined, { signal: terminal.signal }).catch(() => undefined);
    }
  }
  terminal.say('Stopped watching.');
  return EXIT.interrupted;
}

const mayPass = (error: unknown): boolean =>
  error instanceof UnreachableError || (error instanceof RefusedError && (error.status >= 500 || error.status === 429));

interface Seen {
  readonly files: File[];
  readonly gone: string[];
}

/** What became of these files. Of a folder that is gone altogether the documents stay: it may be a disk that was unplugged. */
async function lookAt({ terminal }: Context, roots: readonly Root[], paths: readonly string[]): Promise<Seen> {
  const seen: Seen = { files: [], gone: [] };
  const away = new Set<Root>();
  for (const root of roots) if (root.isFolder && !(await exists(root.path))) away.add(root);
  for (const { path } of away) terminal.say(`${safe(path)} is gone; its documents stay.`);
  for (const path of paths) {
    const isThere = await exists(path);
    for (const root of roots.filter((each) => !away.has(each) && isInside(path, each.path))) {
      const name = nameOf(root, path);
      if (isThere) seen.files.push({ path, name });
      else seen.gone.push(idOf(name));
    }
  }
  return seen;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );

/** `again`: an earlier try may have jobs under way that nobody follows any more. */
async function bringIn(context: Context, { files, gone }: Seen, following: Following, again: boolean): Promise<void> {
  if (files.length + gone.length === 0) return;
  const { collection, concurrency, searchable } = following;
  for (const id of gone) searchable.delete(id);
  const underWay = again ? (await standingOf(context.client, collection)).underWay : new Map();
  await carryOut(context, { collection, concurrency, files, gone, standing: { searchable, underWay } });
}
