import { HttpConnection } from '../load/http-connection.ts';
import { pollOnce } from '../load/poll-client.ts';
import { PushClient } from '../load/push-client.ts';
import type { Phase } from './phase.ts';

/** The worker is killed and another is started at once; a job that is submitted at that moment waits for it. */
export const kill: Phase = {
  name: 'kill',
  about: 'time to the first answer after kill -9 of the only worker',
  async run({ running }) {
    const { api } = running;
    if (api.push === undefined) {
      const connection = await HttpConnection.open(api.port);
      return await timed(
        running.replaceWorker,
        () => pollOnce(connection, api),
        () => connection.close(),
      );
    }
    const client = await PushClient.open(api.push);
    return await timed(
      running.replaceWorker,
      () => client.job(),
      () => client.close(),
    );
  },
};

async function timed(replace: () => Promise<void>, job: () => Promise<void>, close: () => void) {
  try {
    const since = performance.now();
    await replace();
    await job();
    return { 'kill.answer': (performance.now() - since) / 1000 };
  } finally {
    close();
  }
}
