import { HttpConnection, httpRequest, openWarm } from '../compare/load/http-connection.ts';
import { closedLoop, submit } from '../compare/load/loops.ts';
import { PushClient } from '../compare/load/push-client.ts';
import { countCpu } from '../compare/phases/cost.ts';
import { timesOf } from '../compare/phases/times.ts';
import { untilDone } from '../compare/phases/until-done.ts';
import type { RunningWarren } from '../compare/systems/warren.ts';
import { KEY } from '../compare/systems/warren-api.ts';

const CONNECTIONS = 32;
const PUSH_CLIENTS = 16;
const LOOP_MS = 5_000;
const LISTS = 200;

/** What a job costs, and how quickly things are answered. */
export type Cost = Readonly<Record<'rate' | 'cpu' | 'push' | 'get' | 'list', number>>;

/** Jobs submitted over all gateways, CPU until they are done, then pushes and reads. Times are medians in ms, CPU is in µs. */
export async function costOf(running: RunningWarren, someJob: () => string): Promise<Cost> {
  const { rate, cpu } = await submissions(running);
  return { rate, cpu, push: await pushes(running), ...(await reads(running, someJob)) };
}

async function submissions(running: RunningWarren): Promise<Pick<Cost, 'rate' | 'cpu'>> {
  const { apis } = running;
  const opened = await Promise.all(
    apis.map(async (api) => {
      const connections = await openWarm(api.port, Math.ceil(CONNECTIONS / apis.length), api.warmUp);
      return connections.map((connection) => ({ connection, request: api.submit }));
    }),
  );
  const clients = opened.flat();
  try {
    const progress = await running.progress();
    const cpu = countCpu(running);
    const timed = await closedLoop(clients, { ms: LOOP_MS }, ({ connection, request }) => submit(connection, request));
    await untilDone(progress, timed.times.length);
    return { rate: timed.times.length / timed.seconds, cpu: cpu('job', timed.times.length)['job.cpu'] ?? Number.NaN };
  } finally {
    for (const { connection } of clients) connection.close();
  }
}

async function pushes({ apis }: RunningWarren): Promise<number> {
  const dialects = apis.flatMap(({ push }) => push ?? []);
  const clients = await Promise.all(
    dialects.flatMap((dialect) =>
      Array.from({ length: Math.ceil(PUSH_CLIENTS / dialects.length) }, () => PushClient.open(dialect)),
    ),
  );
  try {
    return timesOf('', await closedLoop(clients, { ms: LOOP_MS }, (client) => client.job()))['.p50'] ?? Number.NaN;
  } finally {
    for (const client of clients) client.close();
  }
}

async function reads({ api }: RunningWarren, someJob: () => string): Promise<Pick<Cost, 'get' | 'list'>> {
  const connection = await HttpConnection.open(api.port);
  const p50 = async (request: () => string) => {
    const answered = async () => {
      const { status, body } = await connection.send(request());
      if (status !== 200) throw new Error(`a read was answered with ${status}: ${body}`);
    };
    return timesOf('', await closedLoop([connection], { calls: LISTS }, answered))['.p50'] ?? Number.NaN;
  };
  const list = httpRequest('GET', '/v1/jobs?limit=50', { authorization: `Bearer ${KEY}` });
  try {
    return { get: await p50(() => api.status(someJob())), list: await p50(() => list) };
  } finally {
    connection.close();
  }
}
