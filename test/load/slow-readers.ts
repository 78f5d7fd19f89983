import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { CLOSE } from '../../services/gateway/socket/close-codes.ts';
import { ANN } from '../support/warren.ts';
import { atMost, exactly, told } from './finding.ts';
import { Watch } from './processes.ts';
import type { Scenario } from './scenario.ts';
import { Submitter } from './submitter.ts';

const READERS = 500;
const JOBS = 6;
/**
 * About a megabyte for each reader together. All of it lies in buffers of the kernel and of the gateway, since nobody takes
 * it; much more, and Linux would slow down every connection of the machine (net.ipv4.tcp_mem), which shows nothing of ours.
 */
const STORY = { type: 'generate', input: { prompt: 'a long story', model: 'mock-itl0-len15000', max_tokens: 15_000 } };
const MOST_MEMORY_MB = 1_500;
const WITHIN_MS = 180_000;
const AGAIN_MS = 1_000;

/** 500 clients that follow long answers and read nothing; one that reads gets all of it. */
export const slowReaders: Scenario = {
  name: 'slow-readers',
  about: `${READERS} WebSocket clients that follow ${JOBS} long answers and stop reading, and one that reads`,
  async run({ warren, say }) {
    const api = new Submitter(warren.url, 8);
    const watch = new Watch(async () => (await warren.run()).pids, 1_000);
    const readers: Promise<Reader>[] = [];
    try {
      const jobs = await Promise.all(Array.from({ length: JOBS }, () => api.submit(STORY)));
      const ids = jobs.map(({ id = '' }) => id);
      for (let n = 0; n < READERS; n += 1) readers.push(follow(warren.url, ids, true));
      const opened = await Promise.all(readers);
      say(`${opened.length} readers stand still`);
      const attentive = await follow(warren.url, ids, false);
      const ended = await Promise.race([attentive.ended, sleep(WITHIN_MS, 0)]);
      const codes = await Promise.all(opened.map(({ wake }) => wake()));
      const cut = codes.filter((code) => code === CLOSE.slowReader).length;
      return [
        exactly('answers that the one who reads saw to the end', ended, JOBS),
        told('readers cut off (4413), others', `${cut}, ${READERS - cut}`),
        atMost('most memory of the gateway', watch.most('gateway'), MOST_MEMORY_MB, ' MB'),
      ];
    } finally {
      watch.stop();
      api.close();
      for (const reader of await Promise.allSettled(readers)) if (reader.status === 'fulfilled') reader.value.end();
    }
  },
};

interface Reader {
  /** How many of its jobs have ended, once all have. */
  readonly ended: Promise<number>;
  /** Reads again. @returns the code with which the gateway had hung up; 0 when it had not */
  wake(): Promise<number>;
  end(): void;
}

async function follow(url: string, jobs: readonly string[], standsStill: boolean): Promise<Reader> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, 'warren.v1', {
    headers: { authorization: `Bearer ${ANN}` },
    perMessageDeflate: false,
  });
  await new Promise((resolve, reject) => socket.once('message', resolve).once('error', reject));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const subscribe = (id: string) => {
    if (socket.readyState === socket.OPEN)
      socket.send(JSON.stringify({ type: 'subscribe', id, job: jobs[Number(id)] }));
  };
  let over = 0;
  const ended = new Promise<number>((resolve) => {
    socket.on('message', (data) => {
      const { type, id, event } = JSON.parse(String(data)) as { type: string; id?: string; event?: string };
      if (event === 'job.succeeded' && ++over === jobs.length) resolve(over);
      // The database has too much to read for all who come at once, and says so.
      if (type === 'error' && id !== undefined) setTimeout(subscribe, AGAIN_MS, id);
    });
  });
  for (const n of jobs.keys()) subscribe(String(n));
  if (standsStill) socket.pause();
  return {
    ended,
    wake: async () => {
      socket.resume();
      return await Promise.race([closed, sleep(2_000, 0)]);
    },
    end: () => socket.terminate(),
  };
}
