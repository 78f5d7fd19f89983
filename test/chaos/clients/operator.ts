import { setTimeout as sleep } from 'node:timers/promises';
import { Turns } from './client.ts';
import { request } from './gateway.ts';

const EVERY_MS = 10_000;
const AT_ONCE = 5;
const TIMEOUT_MS = 60_000;

interface OperatorOptions {
  readonly gateways: readonly string[];
  readonly enough: AbortSignal;
}

/** Replays some dead letters now and then over the API, as somebody would who mended their cause. */
export async function runOperator({ gateways, enough }: OperatorOptions): Promise<void> {
  const turns = new Turns(gateways, 0);
  while (!enough.aborted) {
    await sleep(EVERY_MS, undefined, { signal: enough }).catch(() => undefined);
    if (enough.aborted) return;
    await request(turns.next(), 'POST', '/v1/dead-letters/replay', {
      body: { limit: AT_ONCE },
      admin: true,
      timeoutMs: TIMEOUT_MS,
    }).catch(() => undefined); // it comes again
  }
}
