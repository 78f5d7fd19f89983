import amqp from 'amqplib';
import { type Bus, type BusOptions, connectBus } from '../../shared/bus/bus.ts';
import { type Handler, on, type Run } from '../../shared/bus/handler.ts';
import type { Outgoing } from '../../shared/bus/publisher.ts';
import { newId } from '../../shared/ids.ts';
import { createLogger } from '../../shared/logger.ts';
import { type Command, commandId } from '../../shared/messages/command.ts';
import { EmbedTexts, TextsEmbedded } from '../../shared/messages/embedding.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { JobCancel } from '../../shared/messages/submission.ts';
import { freshVhost, type Vhost } from '../support/broker.ts';
import { eventually } from '../support/eventually.ts';

/** Everything a bus test opens, closed again in reverse. */
export interface Bench {
  readonly vhost: Vhost;
  connect(options?: Partial<BusOptions>): Promise<Bus>;
  /** Closes at the end of the test, whatever happens. */
  use<T extends { close(): Promise<void> }>(closeable: T): T;
}

/** Gives a suite a virtual host, and each test what it opens in it. */
export function bench(): Bench {
  let vhost: Vhost | undefined;
  let open: { close(): Promise<void> }[] = [];
  before(async () => {
    vhost = await freshVhost();
  });
  afterEach(async function closeAll() {
    this.timeout(60_000);
    const closing = open.reverse();
    open = [];
    for (const each of closing) await each.close();
  });
  after(() => vhost?.drop());
  const use = <T extends { close(): Promise<void> }>(closeable: T): T => {
    open.push(closeable);
    return closeable;
  };
  return {
    get vhost() {
      if (vhost === undefined) throw new Error('no virtual host yet');
      return vhost;
    },
    use,
    connect: async (options = {}) =>
      use(
        await connectBus({
          url: vhost?.amqpUrl ?? '',
          instance: 'bus-test',
          partitions: 1,
          log: createLogger('bus-test', process.env.LOG_LEVEL ?? 'silent'),
          ...options,
        }),
      ),
  };
}

/** A record that only carries its id. */
export const record = (id: string, job = newId('job')): JournalRecord => ({
  id,
  job,
  at: Date.now(),
  event: JobCancel({}),
});

export interface CommandWish extends Partial<Command> {
  readonly texts?: string[];
}

export function embed({ texts = ['text'], ...wish }: CommandWish = {}): Command {
  const job = wish.job ?? newId('job');
  const part = wish.part ?? '0';
  return {
    id: commandId(job, EmbedTexts.type, part),
    job,
    type: EmbedTexts.type,
    part,
    body: { batch: part, role: 'query', texts },
    priority: 'normal',
    pool: 'default',
    attempt: 1,
    max_attempts: 3,
    replay: 0,
    ...wish,
  };
}

export const embedded = (batch: string) =>
  TextsEmbedded({ batch, model: 'test', dimensions: 1, vectors: [], provider: 'test', provider_ms: 0 });

type Body = { batch: string; texts: string[] };

/** A handler that says what it was asked, then what `act` makes of it. */
export const embedder = (
  act: (body: Body, ...rest: Parameters<Run<unknown>> extends [unknown, ...infer R] ? R : never) => Promise<void>,
): Handler =>
  on(EmbedTexts, async (body, work) => {
    await act(body, work);
    return { event: embedded(body.batch) };
  });

/** Collects what a journal says. */
export interface Heard {
  readonly records: JournalRecord[];
  ofJob(job: string): JournalRecord[];
  types(job: string): string[];
  until(what: string, check: (records: readonly JournalRecord[]) => boolean, withinMs?: number): Promise<void>;
  close(): Promise<void>;
}

export async function hear(bus: Bus, partition = 0): Promise<Heard> {
  const records: JournalRecord[] = [];
  const reader = await bus.readJournal(partition, async (batch) => {
    records.push(...batch);
  });
  const ofJob = (job: string) => records.filter((each) => each.job === job);
  return {
    records,
    ofJob,
    types: (job) => ofJob(job).map(({ event }) => event.type),
    until: (what, check, withinMs = 15_000) => eventually(() => check(records), { within: withinMs, what, every: 5 }),
    close: reader.close,
  };
}

export const bodyOf = (record: JournalRecord | undefined) => record?.event.body as Record<string, unknown>;

/** A promise with its ends outside. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** Publishes what the bus itself would not. */
export async function publishRaw(url: string, { exchange, key, content, properties }: Outgoing): Promise<void> {
  const connection = await amqp.connect(url, { noDelay: true });
  try {
    const channel = await connection.createConfirmChannel();
    channel.publish(exchange, key, content, { ...properties, persistent: true });
    await channel.waitForConfirms();
  } finally {
    await connection.close();
  }
}
