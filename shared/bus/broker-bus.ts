import { randomUUID } from 'node:crypto';
import type { StoredEvent } from '../messages/client-event.ts';
import type { Command } from '../messages/command.ts';
import type { JournalRecord } from '../messages/record.ts';
import type { WorkerAlive } from './alive.ts';
import { BrokerUnavailableError } from './broker-errors.ts';
import type { AppendOptions, Bus, BusOptions, Turn } from './bus.ts';
import { type Closeable, once } from './closeable.ts';
import type { Link } from './connection.ts';
import { cancelMessage } from './control.ts';
import { buryIn } from './dead-letter.ts';
import { DeadLetterBox, type DeadLetters } from './dead-letters.ts';
import { readDead } from './dead-reader.ts';
import { hearPush, type PushHandlers } from './hear-push.ts';
import { readJournal } from './journal-reader.ts';
import { JournalWriter } from './journal-writer.ts';
import { laneMessage } from './lane-message.ts';
import type { Outbox } from './outbox.ts';
import { settlesWithin } from './pause.ts';
import { type SurePublisher, surely } from './publish-surely.ts';
import { ConfirmPublisher } from './publisher.ts';
import { Pusher } from './push.ts';
import { QueueCensus } from './queue-census.ts';
import type { QueueInfo } from './queues.ts';
import { type ServeOptions, type Serving, serve } from './serve.ts';
import { journalName } from './topology.ts';
import type { TopologyKeeper } from './topology-keeper.ts';

const APPEND_TIMEOUT_MS = 30_000;
const SEND_TIMEOUT_MS = 30_000;
const FLUSH_MS = 5_000;

export interface BrokerBusOptions extends BusOptions {
  readonly sending: Link;
  readonly receiving: Link;
  readonly topology: TopologyKeeper;
}

/** The bus on RabbitMQ, once connected. Each method says in `Bus` what it promises. */
export class BrokerBus implements Bus {
  readonly deadLetters: DeadLetters;
  readonly close = once(() => this.#close());
  readonly #options: BrokerBusOptions;
  readonly #stop = new AbortController();
  readonly #publisher: ConfirmPublisher;
  readonly #sure: SurePublisher;
  readonly #writer: JournalWriter;
  readonly #pusher: Pusher;
  readonly #outbox: Outbox;
  readonly #census: QueueCensus;
  /** What is still to be confirmed, never rejecting. */
  readonly #underWay = new Set<Promise<void>>();
  readonly #opened = new Set<Closeable>();

  constructor(options: BrokerBusOptions) {
    const { sending, receiving, topology, partitions, log } = options;
    const mend = () => topology.mend();
    this.#options = options;
    this.#publisher = new ConfirmPublisher(sending, log);
    this.#sure = surely(this.#publisher, mend, this.#stop.signal, log);
    this.#writer = new JournalWriter({ publisher: this.#publisher, partitions, mend, log });
    this.#pusher = new Pusher(sending, log);
    this.#census = new QueueCensus(options);
    this.#outbox = {
      append: (records) => this.#track(this.#writer.append(records, Number.POSITIVE_INFINITY, false)),
      publish: (message) => this.#track(this.#sure.publish(message, Number.POSITIVE_INFINITY)),
    };
    this.deadLetters = new DeadLetterBox({ link: receiving, log, append: (records) => this.append(records) });
    sending.onChange(() => {
      if (sending.blocked !== undefined) this.#writer.failFast(`the broker takes no messages: ${sending.blocked}`);
    });
  }

  health() {
    const { sending, receiving } = this.#options;
    return { connected: sending.connected && receiving.connected, blocked: sending.blocked };
  }

  async append(records: readonly JournalRecord[], options: AppendOptions = {}): Promise<void> {
    const { timeoutMs = APPEND_TIMEOUT_MS, failFast = false } = options;
    const why = failFast ? whyNotNow(this.health()) : undefined;
    if (why !== undefined) throw new BrokerUnavailableError(why);
    await this.#track(this.#writer.append(records, timeoutMs, failFast));
  }

  async send(commands: readonly Command[]): Promise<void> {
    const messages = commands.map((command) => laneMessage(command, this.#options.log));
    await this.#options.topology.know(commands.map(({ pool }) => pool));
    await this.#track(all(messages.map((message) => this.#sure.publish(message, SEND_TIMEOUT_MS))));
  }

  push(events: readonly StoredEvent[]): void {
    this.#pusher.pushEvents(events);
  }

  tellAlive(alive: WorkerAlive): void {
    this.#pusher.pushAlive(alive);
  }

  onPush(handlers: PushHandlers): Promise<Closeable> {
    return this.#open(hearPush(this.#options.receiving, handlers, this.#options.log));
  }

  cancelJob(job: string, replay: number): Promise<void> {
    return this.#track(this.#sure.publish(cancelMessage({ job, replay }, randomUUID()), SEND_TIMEOUT_MS));
  }

  readJournal(partition: number, turn: Turn): Promise<Closeable> {
    const { receiving: link, log } = this.#options;
    const bury = buryIn(this.#outbox, journalName(partition));
    return this.#open(readJournal({ link, log, partition, turn, bury }));
  }

  readDead(): Promise<Closeable> {
    return this.#open(readDead(this.#options.receiving, this.#outbox, this.#options.log));
  }

  serve(options: ServeOptions): Promise<Serving> {
    const { receiving: link, log } = this.#options;
    const tellAlive = (alive: WorkerAlive) => this.tellAlive(alive);
    return this.#open(serve(options, { link, log, outbox: this.#outbox, publisher: this.#sure, tellAlive }));
  }

  queues(): Promise<QueueInfo[]> {
    return this.#census.count();
  }

  #track(act: Promise<void>): Promise<void> {
    const settled: Promise<void> = act.catch(() => {}).finally(() => this.#underWay.delete(settled));
    this.#underWay.add(settled);
    return act;
  }

  async #open<C extends Closeable>(opening: Promise<C>): Promise<C> {
    const opened = await opening;
    this.#opened.add(opened);
    return opened;
  }

  /** Whatever is still open is closed first: its last words have to get out. */
  async #close(): Promise<void> {
    await Promise.all([...this.#opened].map((each) => each.close()));
    await settlesWithin(Promise.all(this.#underWay), FLUSH_MS);
    this.#stop.abort();
    this.#writer.close();
    await Promise.all([this.#publisher.close(), this.#pusher.close()]);
    await Promise.all([this.#options.sending.close(), this.#options.receiving.close()]);
  }
}

const all = async (promises: readonly Promise<void>[]): Promise<void> => {
  await Promise.all(promises);
};

function whyNotNow({ connected, blocked }: ReturnType<Bus['health']>): string | undefined {
  if (!connected) return 'not connected to the broker';
  return blocked === undefined ? undefined : `the broker takes no messages: ${blocked}`;
}
