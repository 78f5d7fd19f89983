import { setTimeout as delay } from 'node:timers/promises';

interface Options {
  readonly within: number;
  readonly what: string;
  readonly every?: number;
  /** Gives up at once when true, with the check's own error. */
  readonly fatal?: () => boolean;
}

/** Looks again and again until the check is true. For what tells nobody when it happens. */
export async function eventually(
  check: () => Promise<boolean> | boolean,
  { within, what, every = 50, fatal }: Options,
): Promise<void> {
  const until = Date.now() + within;
  let last: unknown;
  while (Date.now() < until) {
    try {
      if (await check()) return;
    } catch (error) {
      last = error;
      if (fatal?.() === true) throw error;
    }
    await delay(every);
  }
  throw new Error(`waited ${within} ms in vain for ${what}`, { cause: last });
}
