import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPrivateBroker } from '../../infra/start/broker/start-private-broker.ts';

/** A broker for tests, reached over AMQP and over its management API with the same login. */
export interface TestBroker {
  readonly amqpUrl: string;
  /** Without credentials. */
  readonly managementUrl: string;
  readonly user: string;
  readonly password: string;
}

let started: Promise<TestBroker> | undefined;
let end: () => Promise<void> = async () => {};

/** Pulling the image of a container, too. */
const CONTAINER_TIMEOUT_MS = 900_000;

/** A container's broker when that is asked for, the broker of the environment, or else a private one; always the same. */
export function brokerUrl(): Promise<TestBroker> {
  started ??= inContainer() ? startInContainer() : (fromEnvironment() ?? startOwn());
  return started;
}

// Root hooks of every run that imports this file.
if (inContainer())
  globalThis.before?.(function startBroker() {
    this.timeout(CONTAINER_TIMEOUT_MS);
    return brokerUrl();
  });
globalThis.after?.(function stopBroker() {
  this.timeout(30_000);
  return end();
});

function fromEnvironment(): Promise<TestBroker> | undefined {
  const amqpUrl = process.env.WARREN_TEST_AMQP_URL;
  const management = process.env.WARREN_TEST_MANAGEMENT_URL;
  if (!amqpUrl || !management) return undefined;
  const url = new URL(management);
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  return Promise.resolve({ amqpUrl, managementUrl: url.origin, user, password });
}

function inContainer(): boolean {
  return process.env.WARREN_TEST_BROKER === 'container';
}

async function startInContainer(): Promise<TestBroker> {
  const { startContainerBroker } = await import('./container-broker.ts');
  const broker = await startContainerBroker();
  end = broker.stop;
  return broker;
}

async function startOwn(): Promise<TestBroker> {
  const dataDir = await mkdtemp(join(tmpdir(), 'warren-test-broker-'));
  const broker = await startPrivateBroker({ dataDir, log: () => {} });
  end = async () => {
    await broker.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  };
  return broker;
}

/** A virtual host of a test's own. */
export interface Vhost {
  readonly name: string;
  readonly amqpUrl: string;
  /** With credentials. */
  readonly managementUrl: string;
  /** Calls the management API, e.g. `api('GET', 'queues/%2F')`. Resolves to the JSON answered, if any. */
  api<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Ends all connections to this virtual host as an operator would. Resolves to how many there were. */
  cutConnections(): Promise<number>;
  drop(): Promise<void>;
}

/** Makes a virtual host, so that suites do not meet. */
export async function freshVhost(broker?: TestBroker): Promise<Vhost> {
  const { amqpUrl, managementUrl, user, password } = broker ?? (await brokerUrl());
  const name = `test-${randomUUID().slice(0, 13)}`;
  const login = Buffer.from(`${user}:${password}`).toString('base64');

  const api = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(`${managementUrl}/api/${path}`, {
      method,
      headers: { authorization: `Basic ${login}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  };

  await api('PUT', `vhosts/${name}`);
  await api('PUT', `permissions/${name}/${encodeURIComponent(user)}`, { configure: '.*', write: '.*', read: '.*' });
  return {
    name,
    api,
    amqpUrl: withVhost(amqpUrl, name),
    managementUrl: withLogin(managementUrl, user, password),
    cutConnections: () => cutConnections(api, name),
    drop: () => api('DELETE', `vhosts/${name}`),
  };
}

function withVhost(amqpUrl: string, name: string): string {
  const url = new URL(amqpUrl);
  url.pathname = `/${name}`;
  return url.toString();
}

function withLogin(managementUrl: string, user: string, password: string): string {
  const url = new URL(managementUrl);
  url.username = user;
  url.password = password;
  return url.toString();
}

interface Connection {
  readonly name: string;
  readonly vhost?: string;
}

/** The management API lists a connection only after a few seconds, so this waits until it knows some. */
async function cutConnections(api: Vhost['api'], vhost: string): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const all = await api<Connection[]>('GET', 'connections?columns=name,vhost');
    const ours = all.filter((connection) => connection.vhost === vhost);
    if (ours.length > 0) {
      await Promise.all(
        ours.map(({ name }) => api('DELETE', `connections/${encodeURIComponent(name)}`).catch(() => {})),
      );
      return ours.length;
    }
    await sleep(100);
  }
  throw new Error(`the broker knows no connection to ${vhost}`);
}
