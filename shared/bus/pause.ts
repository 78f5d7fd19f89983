import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, but no longer than until the signal is aborted. Never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {});
}

/** Resolves when the signal is aborted. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Wait before the nth try in a row (from 1): doubles from `firstMs` up to `mostMs`. */
export const backoffMs = (failures: number, firstMs: number, mostMs: number): number =>
  Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 20));

/** Resolves true when `promise` settles within `ms`, else false. Never rejects. */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const over = new AbortController();
  try {
    const done = promise.then(
      () => true,
      () => true,
    );
    return await Promise.race([done, pause(ms, over.signal).then(() => false)]);
  } finally {
    over.abort();
  }
}
