import { setTimeout as sleep } from 'node:timers/promises';
import type { Submitter } from './submitter.ts';

const LOOK_MS = 250;

interface Page {
  readonly data: readonly unknown[];
}

/** Waits until the caller has no job of these statuses left. @returns seconds it took, or undefined when time ran out */
export async function untilNoneLeft(api: Submitter, withinMs: number): Promise<number | undefined> {
  const since = performance.now();
  while (performance.now() - since < withinMs) {
    const pages = await Promise.all(
      ['queued', 'running'].map((status) => api.get<Page>(`/v1/jobs?status=${status}&limit=1`)),
    );
    if (pages.every(({ data }) => data.length === 0)) return (performance.now() - since) / 1000;
    await sleep(LOOK_MS);
  }
  return undefined;
}
