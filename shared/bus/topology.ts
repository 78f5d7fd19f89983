import { DEFAULT_POOL, SERVICES, type Service } from '../messages/command.ts';
import { PRIORITIES, type Priority } from '../messages/job.ts';
import { RUNGS_S, type Rung } from './retry-ladder.ts';

/** What the broker allows. A worker gives a command up sooner (`suspicion`), if one lives long enough to say so. */
export const DELIVERY_LIMIT = 20;
/**
 * As good as none. RabbitMQ 4 has a limit of 20 unless told otherwise, and -1 would say "none" there; 3.10 takes -1 for a
 * number that every redelivery exceeds, and loses the message (measured).
 */
const NO_DELIVERY_LIMIT = 1_000_000_000;
/** A full lane refuses commands, which brakes the turns that send them. */
const LANE_MAX_LENGTH = 500_000;
/** Longest a command may run before the broker takes it for lost. */
const CONSUMER_TIMEOUT_MS = 6 * 3600 * 1000;
const CONTROL_MAX_AGE = '6h';
/** A stream forgets whole segments only, so they are small. */
const CONTROL_SEGMENT_BYTES = 1_000_000;

export const EXCHANGES = { events: 'events', commands: 'commands', push: 'push', dead: 'dead' } as const;
export const DEAD_LETTERS = 'dead-letters';
export const JOURNAL_DEAD = 'journal.dead';
export const CONTROL = 'control';

export const journalName = (partition: number): string => `journal.${partition}`;
export const laneName = (service: Service, pool: string, lane: Priority): string => `${service}.${pool}.${lane}`;
export const rungName = (rung: Rung): string => `retry.${rung}`;

export interface ExchangeSpec {
  readonly name: string;
  readonly type: 'direct' | 'fanout';
}

export interface QueueSpec {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number | boolean>>;
  /** Beside the default exchange, which reaches every queue by its name. */
  readonly binding?: { readonly exchange: string; readonly key: string };
}

export interface Topology {
  readonly exchanges: readonly ExchangeSpec[];
  readonly queues: readonly QueueSpec[];
}

/** Everything that must stand in the broker. The arguments mean the same on RabbitMQ 3.10 to 4.3. */
export function topology(partitions: number, pools: readonly string[] = []): Topology {
  const allPools = [...new Set([DEFAULT_POOL, ...pools])];
  return {
    exchanges: [
      { name: EXCHANGES.events, type: 'direct' },
      { name: EXCHANGES.commands, type: 'direct' },
      { name: EXCHANGES.push, type: 'fanout' },
      { name: EXCHANGES.dead, type: 'fanout' },
      ...RUNGS_S.map((rung): ExchangeSpec => ({ name: rungName(rung), type: 'fanout' })),
    ],
    queues: [
      deadLetters(),
      journalDead(),
      ...RUNGS_S.map(retryQueue),
      ...SERVICES.flatMap((service) => allPools.flatMap((pool) => Object.values(lanes(service, pool)))),
      ...Array.from({ length: partitions }, (_, partition) => journal(partition)),
      control(),
    ],
  };
}

/** A journal is read by one process at a time, in order, and never gives a record up. */
export const journal = (partition: number): QueueSpec => ({
  name: journalName(partition),
  arguments: {
    'x-queue-type': 'quorum',
    'x-single-active-consumer': true,
    'x-delivery-limit': NO_DELIVERY_LIMIT,
    'x-consumer-timeout': CONSUMER_TIMEOUT_MS,
  },
  binding: { exchange: EXCHANGES.events, key: String(partition) },
});

export type LaneSpecs = Readonly<Record<Priority, QueueSpec>>;

export const lanes = (service: Service, pool: string): LaneSpecs => ({
  high: lane(service, pool, 'high'),
  normal: lane(service, pool, 'normal'),
  low: lane(service, pool, 'low'),
});

/** Of a message that lies in one of the lanes: its routing key is its lane's name, however it got there. */
export const priorityIn = (specs: LaneSpecs, routingKey: string): Priority =>
  PRIORITIES.find((priority) => specs[priority].name === routingKey) ?? 'low';

/** One lane for each priority: the three versions of the broker disagree about priorities within a quorum queue. */
export const lane = (service: Service, pool: string, priority: Priority): QueueSpec => {
  const name = laneName(service, pool, priority);
  return {
    name,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': DELIVERY_LIMIT,
      'x-dead-letter-exchange': EXCHANGES.dead,
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
      'x-max-length': LANE_MAX_LENGTH,
      'x-consumer-timeout': CONSUMER_TIMEOUT_MS,
    },
    binding: { exchange: EXCHANGES.commands, key: name },
  };
};

/** What waits here goes home by the default exchange: its routing key is the name of its lane. */
const retryQueue = (rung: Rung): QueueSpec => ({
  name: rungName(rung),
  arguments: {
    'x-queue-type': 'quorum',
    'x-message-ttl': rung * 1000,
    'x-dead-letter-exchange': '',
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
    'x-delivery-limit': NO_DELIVERY_LIMIT,
  },
  binding: { exchange: rungName(rung), key: '' },
});

/** What operators see and replay. Every dead letter lies here and, for its job to hear of it, in `journal.dead`. */
export const deadLetters = (): QueueSpec => ({
  name: DEAD_LETTERS,
  // Looking at a quorum queue in the management UI counts as a delivery: with a small limit, looking would delete.
  arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': NO_DELIVERY_LIMIT },
  binding: { exchange: EXCHANGES.dead, key: '' },
});

export const journalDead = (): QueueSpec => ({
  name: JOURNAL_DEAD,
  arguments: {
    'x-queue-type': 'quorum',
    'x-delivery-limit': NO_DELIVERY_LIMIT,
    'x-single-active-consumer': true,
  },
  binding: { exchange: EXCHANGES.dead, key: '' },
});

/** Which jobs are cancelled. A stream, since every worker reads all of it, also what was said before it started. */
export const control = (): QueueSpec => ({
  name: CONTROL,
  arguments: {
    'x-queue-type': 'stream',
    'x-max-age': CONTROL_MAX_AGE,
    'x-stream-max-segment-size-bytes': CONTROL_SEGMENT_BYTES,
  },
});
