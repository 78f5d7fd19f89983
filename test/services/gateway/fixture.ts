import { randomUUID } from 'node:crypto';
import pino from 'pino';
import type { Bounds } from '../../../services/gateway/accept/congestion.ts';
import { createGateway, type Gateway } from '../../../services/gateway/gateway.ts';
import { HttpServer } from '../../../services/gateway/http-server.ts';
import type { Limits } from '../../../services/gateway/limits.ts';
import { listenToPushes } from '../../../services/gateway/live/push-reader.ts';
import type { GatewayBus } from '../../../services/gateway/ports.ts';
import { type Bus, type Closeable, connectBus } from '../../../shared/bus/bus.ts';
import type { KeyLimitsByName } from '../../../shared/config/key-limits.ts';
import type { ClientEvent, StoredEvent } from '../../../shared/messages/client-event.ts';
import type { Job } from '../../../shared/messages/job.ts';
import type { JournalRecord } from '../../../shared/messages/record.ts';
import type { JobSubmitted } from '../../../shared/messages/submission.ts';
import { appendEvents } from '../../../shared/store/events.ts';
import { saveJobs } from '../../../shared/store/jobs.ts';
import { freshVhost } from '../../support/broker.ts';
import { type FreshDatabase, freshDatabase } from '../../support/database.ts';

/** A broker's virtual host and a database take a while on a busy machine. */
export const START_TIMEOUT_MS = 120_000;

export const ANN = 'ann-key-000001';
export const BOB = 'bob-key-000001';
export const ROOT = 'root-key-00001';

const KEYS = [
  { name: 'ann', key: ANN, admin: false },
  { name: 'bob', key: BOB, admin: false },
  { name: 'root', key: ROOT, admin: true },
];

/** No queue is ever too long. */
export const WIDE: Bounds = { lane: 1_000_000, journal: 1_000_000 };

const log = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' });

export interface Options {
  readonly limits?: Partial<Limits>;
  readonly keyLimits?: KeyLimitsByName;
  readonly bounds?: Bounds;
  /** Default: ann, bob and root (an admin). */
  readonly keys?: typeof KEYS;
  /** Stands between the gateway and the bus. */
  readonly around?: (bus: Bus) => GatewayBus;
}

/** A gateway on a broker and a database of its own, and a stand-in for the orchestrator that tests direct. */
export interface Fixture {
  readonly url: string;
  readonly bus: Bus;
  readonly gateway: Gateway;
  readonly server: HttpServer;
  readonly database: FreshDatabase;
  readonly stage: Stage;
  /** Another gateway on the same broker and database. */
  another(options: Options): Promise<{ url: string; gateway: Gateway; server: HttpServer }>;
  stop(): Promise<void>;
}

export async function startFixture(options: Options = {}): Promise<Fixture> {
  const [vhost, database] = await Promise.all([freshVhost(), freshDatabase()]);
  const closers: (() => Promise<void>)[] = [];
  const connect = async () => {
    const bus = await connectBus({ url: vhost.amqpUrl, instance: `test-${randomUUID()}`, partitions: 1, log });
    closers.push(() => bus.close());
    return bus;
  };
  const another = async ({ limits, keyLimits = {}, bounds = WIDE, keys = KEYS, around = (it: Bus) => it }: Options) => {
    const own = await connect();
    const config = {
      apiKeys: keys,
      ticketSecret: undefined,
      embeddingModel: 'all-MiniLM-L6-v2',
      keyLimits,
      bounds,
      rollbackTtlS: 3600,
    };
    const gateway = createGateway({
      bus: around(own),
      db: database.db,
      log,
      config,
      ...(limits === undefined ? {} : { limits }),
    });
    const pushes = await listenToPushes(gateway);
    closers.push(() => pushes.close());
    const server = new HttpServer(gateway);
    await server.listen(0, '127.0.0.1');
    closers.push(() => server.close());
    return { url: server.url, gateway, server };
  };
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
    await database.drop();
    await vhost.drop();
  };
  try {
    const bus = await connect();
    const stage = new Stage(bus, database);
    await stage.open();
    closers.push(() => stage.close());
    return { ...(await another(options)), bus, database, stage, another, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * In place of the orchestrator: gives every submitted job its row and `job.queued`, and then does what a test says.
 * Everything is stored before it is pushed, as the real one does.
 */
export class Stage {
  readonly #bus: Bus;
  readonly #database: FreshDatabase;
  readonly #jobs = new Map<string, Job>();
  readonly #waiting = new Map<string, (job: Job) => void>();
  readonly records: JournalRecord[] = [];
  #reading: Closeable | undefined;
  /** Submissions stay in the journal while this is set. */
  held: Promise<void> | undefined;
  /** Pushes get lost while this is set. */
  mute = false;
  /** What happens to a job once it has its row. */
  onBorn: (job: Job) => Promise<void> = async () => undefined;

  constructor(bus: Bus, database: FreshDatabase) {
    this.#bus = bus;
    this.#database = database;
  }

  async open(): Promise<void> {
    this.#reading = await this.#bus.readJournal(0, (records) => this.#turn(records));
  }

  async close(): Promise<void> {
    await this.#reading?.close();
  }

  /** The job as the stage knows it; waits for it. */
  job(id: string): Promise<Job> {
    const known = this.#jobs.get(id);
    return known === undefined ? new Promise((resolve) => this.#waiting.set(id, resolve)) : Promise.resolve(known);
  }

  /** Stores events and what they make of the job, then pushes them. */
  async show(id: string, events: readonly ClientEvent[], change: Partial<Job> = {}): Promise<StoredEvent[]> {
    const job = await this.job(id);
    const at = new Date().toISOString();
    const stored = events.map(
      ({ event, data }, index): StoredEvent => ({ job: id, seq: job.last_seq + index + 1, event, at, data }),
    );
    await this.#save({ ...job, ...change, last_seq: job.last_seq + stored.length }, stored);
    return stored;
  }

  succeed(id: string, result: Record<string, unknown>): Promise<StoredEvent[]> {
    return this.show(id, [{ event: 'job.succeeded', data: { result } }], {
      status: 'succeeded',
      result,
      finished_at: new Date().toISOString(),
    });
  }

  delta(id: string, offset: number, text: string): Promise<StoredEvent[]> {
    return this.show(id, [{ event: 'output.delta', data: { run: 'r1', offset, text } }], { status: 'running' });
  }

  async #turn(records: readonly JournalRecord[]): Promise<void> {
    await this.held;
    this.records.push(...records);
    for (const { job, event } of records) {
      if (event.type === 'job.submitted' && !this.#jobs.has(job)) await this.#bear(job, event as JobSubmitted);
    }
  }

  async #bear(id: string, { body }: JobSubmitted): Promise<void> {
    const { collection, max_attempts, run_at, deadline_at, ...rest } = body;
    const optional = Object.fromEntries(
      Object.entries({ collection, max_attempts, run_at, deadline_at }).filter(([, value]) => value !== undefined),
    );
    const fresh: Job = {
      ...rest,
      ...optional,
      id,
      status: 'queued',
      progress: { done: 0, total: 0 },
      attempt: 1,
      last_seq: 1,
      state: {},
    };
    await this.#save(fresh, [{ job: id, seq: 1, event: 'job.queued', at: body.created_at, data: {} }]);
    this.#waiting.get(id)?.(fresh);
    this.#waiting.delete(id);
    await this.onBorn(fresh);
  }

  async #save(job: Job, events: readonly StoredEvent[]): Promise<void> {
    this.#jobs.set(job.id, job);
    await this.#database.db.transaction(async (tx) => {
      await Promise.all([saveJobs(tx, [job]), appendEvents(tx, events)]);
    });
    if (!this.mute) this.#bus.push(events);
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly body: any;
}

/** A client with a key; of an address that is known only later, when that is given as a function. */
export const client = (url: string | (() => string), key: string | undefined = ANN) => {
  const base = typeof url === 'string' ? () => url : url;
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const raw = typeof body === 'string' || body instanceof FormData || body instanceof Uint8Array;
    const response = await fetch(base() + path, {
      method,
      headers: {
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as NonNullable<RequestInit['body']>) : JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  };
  return {
    get: (path: string, headers?: Record<string, string>) => call('GET', path, undefined, headers),
    post: (path: string, body?: unknown, headers?: Record<string, string>) => call('POST', path, body, headers),
    delete: (path: string) => call('DELETE', path),
    call,
  };
};

export const EMBED = { type: 'embed', input: { texts: ['a text'] } };
export const GENERATE = { type: 'generate', input: { prompt: 'a story' } };

/** The bus, but for what its mood changes. */
export const inMood = (bus: GatewayBus, mood: Partial<GatewayBus>): GatewayBus =>
  new Proxy(bus, {
    get: (own, name: keyof GatewayBus) => {
      const value = mood[name] ?? own[name];
      return typeof value === 'function' ? value.bind(own) : value;
    },
  });
