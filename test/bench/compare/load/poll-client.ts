import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../systems/system.ts';
import type { HttpConnection } from './http-connection.ts';
import { submit } from './loops.ts';

/** Far more often than most clients ask, in favour of the systems that are asked. */
export const POLL_MS = 20;
const TIMEOUT_MS = 60_000;

/** Submits a job and asks for it, at once and then every so often, until it has ended. */
export async function pollOnce(connection: HttpConnection, api: Api): Promise<void> {
  const { body } = await submit(connection, api.submit);
  const asking = api.status((JSON.parse(body) as { id: string }).id);
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    const answer = await connection.send(asking);
    if (answer.status === 200 && answer.body.includes('"succeeded"')) return;
    if (answer.body.includes('"failed"')) throw new Error(`a job failed: ${answer.body}`);
    if (performance.now() > deadline) throw new Error(`a job did not end in ${TIMEOUT_MS} ms: ${answer.body}`);
    await sleep(POLL_MS);
  }
}
