import type { Logger } from 'pino';
import type { Closeable } from '../../shared/bus/bus.ts';
import type { Database } from '../../shared/store/database.ts';
import { indexVectors } from '../../shared/store/unindexed-vectors.ts';
import { tendLargeCollections } from '../../shared/store/upkeep.ts';

const TEND_EVERY_MS = 15_000;
const INDEX_EVERY_MS = 3_000;

interface Options {
  readonly db: Database;
  /** Vectors and passages above which a collection is large. */
  readonly threshold: number;
  readonly log: Logger;
  readonly tendEveryMs?: number;
  readonly indexEveryMs?: number;
}

/**
 * Sees to what searches in large collections need: their indexes and vocabularies, and beside it the vectors that came
 * since, which must not wait until an index of millions is made. Every orchestrator looks; one at a time acts.
 */
export function startUpkeep(options: Options): Closeable {
  const { db, threshold, log, tendEveryMs = TEND_EVERY_MS, indexEveryMs = INDEX_EVERY_MS } = options;

  const tend = async (signal: AbortSignal) => {
    const begun = Date.now();
    const { built, dropped, counted } = await tendLargeCollections(db, { threshold, signal });
    if (built.length + dropped.length + counted.length === 0) return;
    log.info({ built, dropped, counted, ms: Date.now() - begun }, 'large collections were seen to');
  };

  const index = async (signal: AbortSignal) => {
    const begun = Date.now();
    const vectors = await indexVectors(db, signal);
    if (vectors > 0) log.info({ vectors, ms: Date.now() - begun }, 'vectors were taken into their index');
  };

  const rounds = [every(tendEveryMs, tend, log), every(indexEveryMs, index, log)];
  return { close: async () => void (await Promise.all(rounds.map((round) => round.close()))) };
}

/** Works again and again, with a pause between; what fails is tried again after it. */
function every(pauseMs: number, work: (signal: AbortSignal) => Promise<void>, log: Logger): Closeable {
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const next = () => {
    if (stopped.signal.aborted) return;
    timer = setTimeout(() => {
      running = work(stopped.signal)
        .catch((error: unknown) => log.warn({ err: error }, 'large collections could not be seen to, trying again'))
        .finally(next);
    }, pauseMs);
  };

  next();
  return {
    close: async () => {
      stopped.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
