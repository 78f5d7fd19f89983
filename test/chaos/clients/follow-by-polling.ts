import { setTimeout as sleep } from 'node:timers/promises';
import type { Turns } from './client.ts';
import { type JobReply, request } from './gateway.ts';

const WAIT_S = 5;
const AGAIN_MS = 300;
const TERMINAL = new Set(['succeeded', 'failed', 'cancelled']);

/** Long-polls until the job has ended or nobody cares any more. Never rejects. */
export async function followByPolling({ job, turns, over }: { job: string; turns: Turns; over: AbortSignal }) {
  while (!over.aborted) {
    const reply = await request<JobReply>(turns.next(), 'GET', `/v1/jobs/${job}?wait=${WAIT_S}`).catch(() => undefined);
    if (reply?.status === 200 && TERMINAL.has(reply.body.status)) return;
    if (reply?.status !== 200) await sleep(AGAIN_MS);
  }
}
