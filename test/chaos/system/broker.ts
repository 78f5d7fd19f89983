import { mkdir } from 'node:fs/promises';
import { type PrivateBroker, withCredentials } from '../../../infra/start/broker/broker.ts';
import { keepBroker } from '../../../infra/start/supervisor/broker-keeper.ts';
import { type BrokerOptions, startNodes } from './broker-nodes.ts';
import { brokerNames } from './layout.ts';

const API_TIMEOUT_MS = 20_000;

/** The broker of a run: its nodes are kept alive, and at the mercy of whoever holds this. */
export interface ChaosBroker {
  /** By the layout's names. */
  readonly nodes: ReadonlyMap<string, PrivateBroker>;
  node(name: string): PrivateBroker;
  /** All nodes, as AMQP_URL names them. */
  readonly amqpUrl: string;
  /** Of one node, as the services want it. */
  readonly managementUrl: string;
  /** What it says it is, e.g. `4.0.5`. */
  readonly version: string;
  /** Calls the management API of any node that answers; resolves to the JSON answered, if any. */
  api<Answer>(method: string, path: string): Promise<Answer>;
  /** The layout's name of the node that leads this queue or stream. */
  leaderOf(queue: string): Promise<string>;
  stop(): Promise<void>;
}

/** @throws {ExpectedFailure} when there is no broker of that version on this machine, and why */
export async function startChaosBroker(options: BrokerOptions): Promise<ChaosBroker> {
  await mkdir(options.dataDir, { recursive: true });
  const started = await startNodes(options);
  const all = [...started.nodes.values()];
  const names = brokerNames(options.size);
  const nodes = new Map(all.map((node, n) => [names[n] ?? '', node] as const));
  const nameOf = new Map([...started.nodes.keys()].map((erlangName, n) => [erlangName, names[n] ?? '']));
  const letGo = all.map((node) => keepBroker(node, { onChange: () => undefined, tell: () => undefined }));
  const node = (name: string) => {
    const found = nodes.get(name);
    if (found === undefined) throw new Error(`the broker has no node "${name}"`);
    return found;
  };
  const api = <Answer>(method: string, path: string) => askAny<Answer>(all, method, path);
  const { rabbitmq_version } = await api<{ rabbitmq_version: string }>('GET', 'overview');
  const { managementUrl, user, password } = node(names[0] ?? '');
  return {
    nodes,
    node,
    amqpUrl: all.map(({ amqpUrl }) => amqpUrl).join(','),
    managementUrl: withCredentials(managementUrl, user, password),
    version: rabbitmq_version,
    api,
    leaderOf: async (queue) => {
      // Of a stream only the node is told.
      const { leader, node = '' } = await api<{ leader?: string; node?: string }>('GET', `queues/%2F/${queue}`);
      return nameOf.get(leader ?? node) ?? names[0] ?? '';
    },
    stop: () => {
      for (const stopKeeping of letGo) stopKeeping();
      for (const each of all) each.kill(); // the data goes with it, so there is nothing to put in order
      return started.stop();
    },
  };
}

/** One after the other, until one answers. @throws Error of the last one, or what was answered instead */
async function askAny<Answer>(nodes: readonly PrivateBroker[], method: string, path: string): Promise<Answer> {
  let why: unknown;
  for (const node of nodes) {
    try {
      return await ask<Answer>(node, method, path);
    } catch (error) {
      why = error;
    }
  }
  throw why;
}

async function ask<Answer>({ managementUrl, user, password }: PrivateBroker, method: string, path: string) {
  const answer = await fetch(`${managementUrl}/api/${path}`, {
    method,
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
    signal: AbortSignal.timeout(API_TIMEOUT_MS),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as Answer;
}
