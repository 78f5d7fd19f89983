import type { Logger } from 'pino';
import type { StoredEvent } from '../messages/client-event.ts';
import type { Command } from '../messages/command.ts';
import type { JournalRecord } from '../messages/record.ts';
import type { WorkerAlive } from './alive.ts';
import type { Closeable } from './closeable.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { PushHandlers } from './hear-push.ts';
import type { QueueInfo } from './queues.ts';
import type { ServeOptions, Serving } from './serve.ts';

export type { WorkerAlive } from './alive.ts';
export { BrokerUnavailableError, DeadLettersBusyError, OverloadedError, TopologyError } from './broker-errors.ts';
export type { Closeable } from './closeable.ts';
export { connectBus } from './connect-bus.ts';
export type { DeadLetter } from './dead-letter.ts';
export type { DeadLetterFilter } from './dead-letter-filter.ts';
export { type DeadLetters, REPLAYED_SINCE } from './dead-letters.ts';
export type { PushHandlers } from './hear-push.ts';
export { type Place, placeOf } from './oldest.ts';
export type { QueueInfo } from './queues.ts';
export type { ServeOptions, Serving } from './serve.ts';

export interface BusOptions {
  /** amqp:// or amqps:// URL, virtual host included; of a cluster the URLs of its nodes, separated by commas. */
  readonly url: string;
  /** `<service>-<host>-<pid>`; shown as the connection's name in the management UI. */
  readonly instance: string;
  /** Number of journals. Every process must say the same. */
  readonly partitions: number;
  readonly log: Logger;
  /** http:// URL with login; gives `queues()` the numbers that only the management API knows. */
  readonly managementUrl?: string;
  /** Pools whose lanes exist from the start, beside the default one. Others are made on first use. */
  readonly pools?: readonly string[];
}

export interface AppendOptions {
  /** How long to try before BrokerUnavailableError; default 30,000. */
  readonly timeoutMs?: number;
  /** Reject at once while the broker is away or blocks publishers, for callers whose client can come again. */
  readonly failFast?: boolean;
}

export interface TurnInfo {
  readonly redelivered: boolean;
  /** What was heard is safe: the next turn may begin while what follows from this one is still on its way. */
  heard(): void;
}
export type Turn = (records: JournalRecord[], info: TurnInfo) => Promise<void>;

/** The one way in and out of the broker. */
export interface Bus {
  /** `blocked` is the broker's reason while it refuses all publishers (memory or disk alarm). */
  health(): { readonly connected: boolean; readonly blocked: string | undefined };
  /**
   * Appends records to the journals of their jobs, in the order given. Records that wait while a confirm is under way
   * travel in one message. Resolves when all are confirmed; keeps trying through outages.
   * @throws {BrokerUnavailableError} not confirmed in time (the records may still arrive)
   * @throws {OverloadedError} too much waits already
   * @throws {TerminalError} a record larger than a message may be
   */
  append(records: readonly JournalRecord[], options?: AppendOptions): Promise<void>;
  /**
   * Sends each command to its lane, one confirmed message each; makes the lanes of a new pool. One that no lane can have
   * becomes a dead letter.
   * @throws {BrokerUnavailableError} {OverloadedError} as `append`
   */
  send(commands: readonly Command[]): Promise<void>;
  /**
   * Shows stored events to every gateway, without a confirm: a lost one is noticed there and read from the database. Of a
   * very large one it is only said that it is stored.
   */
  push(events: readonly StoredEvent[]): void;
  tellAlive(alive: WorkerAlive): void;
  onPush(handlers: PushHandlers): Promise<Closeable>;
  /** Tells all workers to stop working for a job, as far as it had been replayed `replay` times by then. */
  cancelJob(job: string, replay: number): Promise<void>;
  /**
   * Reads a journal, one batch at a time: everything that has arrived, up to a bound. Acked after `turn` resolves; when
   * it rejects, the same batch is tried again after a while. The next batch begins when `turn` resolves or calls `heard`;
   * one that is tried again after it called `heard` runs beside later ones. Of several readers of a partition one is served.
   */
  readJournal(partition: number, turn: Turn): Promise<Closeable>;
  /** Tells the journals of dead commands. Of several readers one is served. */
  readDead(): Promise<Closeable>;
  /** Carries out the commands of a service's lanes until closed. */
  serve(options: ServeOptions): Promise<Serving>;
  queues(): Promise<QueueInfo[]>;
  readonly deadLetters: DeadLetters;
  /** Drains what is still to be sent, for a bounded time, then disconnects. */
  close(): Promise<void>;
}
