import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { watch } from 'chokidar';
import { isVisible } from '../files.ts';
import { kindOf } from '../kinds.ts';
import type { Root } from '../roots.ts';

/** Changes belong together until nothing has changed for so long; an endless stream of them is cut after `LONGEST_MS`. */
const QUIET_MS = 300;
const LONGEST_MS = 5_000;
/** A file that still grows is not read yet. */
const STABLE_MS = 200;
const POLL_MS = 50;

export interface Changes {
  /**
   * Waits for files to change and gives their paths, once it is quiet: new, changed and gone ones alike, since only
   * a look at the file tells what it is by now. Undefined once `signal` is aborted.
   * @throws the error of a watcher that cannot go on, e.g. when the system allows no more watches
   */
  next(signal: AbortSignal): Promise<readonly string[] | undefined>;
  /** Puts paths back that could not be dealt with. */
  again(paths: readonly string[]): void;
  close(): Promise<void>;
}

/** Watches files and folders. Resolves when every change from then on is noticed. */
export async function watchFiles(roots: readonly Root[]): Promise<Changes> {
  const given = new Set(roots.map(({ path }) => path));
  const changed = new Set<string>();
  let failure: unknown;
  const bell = new EventEmitter();
  const watcher = watch([...given], {
    ignoreInitial: true,
    ignored: (path, stats) =>
      !given.has(path) && (!isVisible(path) || (stats?.isFile() === true && kindOf(path) === undefined)),
    // An editor that writes beside the file and renames is one change, not a deletion and a new file.
    atomic: true,
    awaitWriteFinish: { stabilityThreshold: STABLE_MS, pollInterval: POLL_MS },
  });
  const add = (path: string) => {
    if (kindOf(path) === undefined) return;
    changed.add(path);
    bell.emit('ring');
  };
  for (const event of ['add', 'change', 'unlink'] as const) watcher.on(event, add);
  const ready = new Promise<void>((resolve) => watcher.once('ready', resolve));
  const failed = new Promise<never>((_, reject) =>
    watcher.on('error', (error) => {
      failure = error;
      bell.emit('ring');
      reject(error as Error);
    }),
  );
  failed.catch(() => undefined); // told by `next` once watching has begun
  await Promise.race([ready, failed]).catch(async (error) => {
    await watcher.close();
    throw error;
  });

  return {
    async next(signal) {
      if (changed.size === 0 && failure === undefined) await once(bell, 'ring', { signal }).catch(() => undefined);
      const until = Date.now() + LONGEST_MS;
      for (let before = -1; before !== changed.size && Date.now() < until && !signal.aborted; ) {
        before = changed.size;
        await sleep(QUIET_MS, undefined, { signal }).catch(() => undefined);
      }
      if (failure !== undefined) throw failure;
      if (signal.aborted) return undefined;
      const paths = [...changed];
      changed.clear();
      return paths;
    },
    again: (paths) => {
      for (const path of paths) changed.add(path);
    },
    close: () => watcher.close(),
  };
}
