import { connect } from 'amqp-connection-manager';
import type { ChannelModel } from 'amqplib';
import type { Logger } from 'pino';
import { amqpAddresses } from '../amqp-addresses.ts';
import type { Closeable } from './closeable.ts';
import { once } from './closeable.ts';
import { settlesWithin } from './pause.ts';

const HEARTBEAT_S = 10;
const RECONNECT_S = 0.5;
const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 3_000;
const SAY_AGAIN_MS = 10_000;

/** One connection to the broker that comes back whenever it breaks, to any of its nodes. Channels are no business of it. */
export interface Link extends Closeable {
  readonly connected: boolean;
  /** The broker's reason while it takes nothing from publishers. */
  readonly blocked: string | undefined;
  /** The connection, now or as soon as there is one. Rejects when the signal is aborted. */
  connection(signal: AbortSignal): Promise<ChannelModel>;
  /** Calls back at each change of `connected` or `blocked`. */
  onChange(listener: () => void): void;
}

/**
 * Supervised by amqp-connection-manager, and only so far: its channel wrapper acks old deliveries on new channels, which
 * loses messages, and gives up channels that the broker closes. Ours are opened in `keepChannel`.
 */
export function connectLink(url: string, name: string, log: Logger): Link {
  let blocked: string | undefined;
  const listeners: (() => void)[] = [];
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const nodes = amqpAddresses(url).map(withHeartbeat);
  const supervisor = connect(undefined, {
    findServers: async () => shuffled(nodes),
    heartbeatIntervalInSeconds: HEARTBEAT_S,
    reconnectTimeInSeconds: RECONNECT_S,
    connectionOptions: {
      // Nagle's algorithm would add 45 ms to every exchange of small frames.
      noDelay: true,
      timeout: CONNECT_TIMEOUT_MS,
      clientProperties: { connection_name: name },
    },
  });
  supervisor.on('connect', () => {
    log.info({ connection: name }, 'connected to the broker');
    changed();
  });
  supervisor.on('disconnect', ({ err }) => {
    blocked = undefined;
    log.warn({ connection: name, err }, 'lost the broker');
    changed();
  });
  let saidAt = 0;
  supervisor.on('connectFailed', ({ err }) => {
    if (Date.now() - saidAt < SAY_AGAIN_MS) return;
    saidAt = Date.now();
    log.warn({ connection: name, why: err.message }, 'waiting for the broker');
  });
  supervisor.on('blocked', ({ reason }) => {
    blocked = reason;
    log.warn({ connection: name, reason }, 'the broker blocks publishers');
    changed();
  });
  supervisor.on('unblocked', () => {
    blocked = undefined;
    log.info({ connection: name }, 'the broker takes messages again');
    changed();
  });
  return {
    get connected() {
      return supervisor.isConnected();
    },
    get blocked() {
      return blocked;
    },
    connection: (signal) => connectionOf(supervisor, signal),
    onChange: (listener) => listeners.push(listener),
    close: once(async () => {
      const closed = supervisor.close();
      closed.catch(() => {});
      await settlesWithin(closed, CLOSE_TIMEOUT_MS);
    }),
  };
}

/** So that the processes spread over the nodes. All are tried before any comes again. */
const shuffled = (nodes: readonly string[]): string[] =>
  nodes
    .map((node) => ({ node, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ node }) => node);

/** The heartbeat counts only in the URL. Without it a frozen process would keep its deliveries for ever. */
function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', String(HEARTBEAT_S));
  return parsed.toString();
}

type Supervisor = ReturnType<typeof connect>;

function connectionOf(supervisor: Supervisor, signal: AbortSignal): Promise<ChannelModel> {
  const { connection } = supervisor;
  if (connection !== undefined) return Promise.resolve(connection);
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      supervisor.removeListener('connect', connected);
      signal.removeEventListener('abort', aborted);
      act();
    };
    const connected = () => {
      const { connection } = supervisor;
      if (connection !== undefined) settle(() => resolve(connection));
    };
    const aborted = () => settle(() => reject(signal.reason));
    supervisor.on('connect', connected);
    signal.addEventListener('abort', aborted);
    if (signal.aborted) aborted();
  });
}
