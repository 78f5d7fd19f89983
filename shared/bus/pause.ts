/** Longest delay a timer can hold. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits, but no longer than until one of the signals is aborted. (With AbortSignal.any instead, Node 20 keeps something of
 * every call for as long as the longest-lived signal: measured.)
 */
export const pause = (ms: number, ...signals: readonly AbortSignal[]): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = Number.isFinite(ms) ? setTimeout(end, Math.min(ms, MAX_TIMER_MS)) : undefined;
    for (const signal of signals) signal.addEventListener('abort', end);
    if (signals.some((signal) => signal.aborted)) end();
  });

/** Resolves when one of the signals is aborted. */
export const untilAborted = (...signals: readonly AbortSignal[]): Promise<void> =>
  pause(Number.POSITIVE_INFINITY, ...signals);

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

/** A wait had its limit, and it is over. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** What `promise` comes to. @throws {NoAnswerError} it has not settled within `ms` */
export async function answeredWithin<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  if (await settlesWithin(promise, ms)) return await promise;
  promise.catch(() => undefined);
  throw new NoAnswerError(`${what} did not come within ${ms} ms`);
}
