import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, type Surroundings } from './answer.ts';
import { Call } from './call.ts';
import { CONTROL_PREFIX, control } from './control.ts';
import { Counters, type Counts } from './counters.ts';
import { type FaultRules, faultRules } from './fault-rules.ts';

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_DRAIN_MS = 5_000;
const DEFAULT_UNTIL_MS = 5_000;

export interface MockProviderOptions {
  /** 0, the default, for any free one. */
  readonly port?: number;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** Other names for models, such as `{'llama3.2': 'mock-itl20'}`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** With it, requests without `Authorization: Bearer <key>` get a 401. */
  readonly apiKey?: string;
  /** How long `stop` lets answers under way go on; 5 s by default. Those that hang are cut at once. */
  readonly drainMs?: number;
}

/** A server that speaks like several model providers and does what it is told. */
export interface MockProvider {
  readonly url: string;
  readonly faults: Pick<FaultRules, 'add' | 'clear' | 'list'>;
  counts(): Counts;
  /** When each client was seen to close early: epoch milliseconds, the latest last. */
  readonly abortedAt: readonly number[];
  /** Resolves with the counts once they are so; rejects after `withinMs` (5 s). */
  until(holds: (counts: Counts) => boolean, withinMs?: number): Promise<Counts>;
  /** Faults gone, counts at zero. */
  reset(): void;
  /** Drains and closes. Any number of calls share one stop. */
  stop(): Promise<void>;
}

/** The address may begin with `/m/<model>`, for dialects whose requests name none. */
const MODEL_IN_PATH = /^\/m\/([^/]+)(\/.*)?$/;

function readAddress(url: string): { path: string; model: string | undefined } {
  const path = pathOf(url);
  const found = MODEL_IN_PATH.exec(path);
  return { path: found === null ? path : (found[2] ?? '/'), model: found?.[1] };
}

/** An address that cannot be read is one that nobody knows. */
function pathOf(url: string): string {
  try {
    return decodeURI(new URL(url, 'http://mock').pathname);
  } catch {
    return url;
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  around: Surroundings,
  open: Set<Call>,
): Promise<void> {
  const { path, model } = readAddress(request.url ?? '/');
  const controlled = path.startsWith(CONTROL_PREFIX);
  const call = new Call(request, response, path, controlled ? undefined : around.counters);
  open.add(call);
  try {
    await (controlled ? control(call, around) : answer(call, model, around));
  } catch (error) {
    // A client that has gone needs no answer; anything else is a bug of this server, and says so.
    if (!call.gone) call.fail(error);
  } finally {
    await call.ended;
    open.delete(call);
  }
}

async function listen(server: Server, port: number, host: string): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

async function drain(server: Server, open: ReadonlySet<Call>, drainMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const patience = setTimeout(() => {
    for (const call of open) call.cut();
    server.closeAllConnections();
  }, drainMs);
  try {
    const ends = Array.from(open, async (call) => {
      call.hurry();
      await call.ended;
      server.closeIdleConnections(); // its connection was not idle before
    });
    await Promise.all([closed, ...ends]);
  } finally {
    clearTimeout(patience);
  }
}

/**
 * Starts a mock provider.
 * @throws when the port is taken
 */
export async function startMockProvider(options: MockProviderOptions = {}): Promise<MockProvider> {
  const { port = 0, host = DEFAULT_HOST, aliases = {}, apiKey, drainMs = DEFAULT_DRAIN_MS } = options;
  const counters = new Counters();
  const rules = faultRules();
  const open = new Set<Call>();
  const server = createServer((request, response) => {
    void serve(request, response, { counters, rules, aliases, apiKey }, open);
  });
  const url = await listen(server, port, host);
  let stopping: Promise<void> | undefined;
  return {
    url,
    faults: rules,
    counts: () => counters.read(),
    get abortedAt() {
      return counters.read().aborts.map(({ at }) => at);
    },
    until: (holds, withinMs = DEFAULT_UNTIL_MS) => counters.until(holds, withinMs),
    reset: () => {
      rules.clear();
      counters.reset();
    },
    stop: () => {
      stopping ??= drain(server, open, drainMs);
      return stopping;
    },
  };
}
