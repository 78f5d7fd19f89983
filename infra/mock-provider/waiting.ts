import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';

/** Waits until `performance.now()` is `time`; one turn of the event loop at least. Rejects when the signal aborts. */
export async function waitUntil(time: number, signal: AbortSignal): Promise<void> {
  const ms = time - performance.now();
  if (ms >= 1) await delay(ms, undefined, { signal });
  else await nextTurn(undefined, { signal });
}

export const wait = (ms: number, signal: AbortSignal): Promise<void> => waitUntil(performance.now() + ms, signal);

/** Never resolves; rejects when the signal aborts. */
export const forever = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
