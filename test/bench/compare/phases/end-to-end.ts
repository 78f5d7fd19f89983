import { openWarm } from '../load/http-connection.ts';
import { closedLoop } from '../load/loops.ts';
import { POLL_MS, pollOnce } from '../load/poll-client.ts';
import { PushClient, type PushDialect } from '../load/push-client.ts';
import { countCpu } from './cost.ts';
import type { Figures, Phase, Stage } from './phase.ts';
import { timesOf } from './times.ts';

const CLIENTS = [1, 16, 64];

export const push: Phase = {
  name: 'push',
  about: `from submission to the pushed result, at ${CLIENTS.join(', ')} WebSocket clients`,
  async run(stage) {
    const { push: dialect } = stage.running.api;
    let figures: Figures = {};
    if (dialect === undefined) return figures;
    for (const count of CLIENTS) figures = { ...figures, ...(await pushed(count, dialect, stage)) };
    return figures;
  },
};

export const poll: Phase = {
  name: 'poll',
  about: `from submission to the result, at ${CLIENTS.join(', ')} clients that ask every ${POLL_MS} ms`,
  async run(stage) {
    let figures: Figures = {};
    for (const count of CLIENTS) figures = { ...figures, ...(await polled(count, stage)) };
    return figures;
  },
};

async function pushed(count: number, dialect: PushDialect, { running, scale }: Stage): Promise<Figures> {
  const clients = await Promise.all(Array.from({ length: count }, () => PushClient.open(dialect)));
  try {
    const cpu = countCpu(running);
    const timed = await closedLoop(clients, { ms: scale.loopMs }, (client) => client.job());
    return { ...timesOf(`push.${count}`, timed), ...cpu(`push.${count}`, timed.times.length) };
  } finally {
    for (const client of clients) client.close();
  }
}

async function polled(count: number, { running, scale }: Stage): Promise<Figures> {
  const { api } = running;
  const clients = await openWarm(api.port, count, api.warmUp);
  try {
    const cpu = countCpu(running);
    const timed = await closedLoop(clients, { ms: scale.loopMs }, (client) => pollOnce(client, api));
    return { ...timesOf(`poll.${count}`, timed), ...cpu(`poll.${count}`, timed.times.length) };
  } finally {
    for (const client of clients) client.close();
  }
}
