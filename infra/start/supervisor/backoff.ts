const FIRST_MS = 100;
const LONGEST_MS = 5_000;
/** A run that lived this long counts as sound: the next one starts without having to wait for old failures. */
const SOUND_AFTER_MS = 30_000;

/** How many runs in a row ended too soon. */
export interface Backoff {
  readonly failures: number;
}

export const NO_FAILURES: Backoff = { failures: 0 };

/** What to wait before the next run, after one that lived for `aliveMs`; doubles from 100 ms to 5 s. */
export function afterRun({ failures }: Backoff, aliveMs: number): { delayMs: number; next: Backoff } {
  const before = aliveMs >= SOUND_AFTER_MS ? 0 : failures;
  return { delayMs: Math.min(FIRST_MS * 2 ** before, LONGEST_MS), next: { failures: before + 1 } };
}
