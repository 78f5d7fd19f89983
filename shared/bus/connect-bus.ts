import { randomUUID } from 'node:crypto';
import type { Command } from '../messages/command.ts';
import type { JournalRecord } from '../messages/record.ts';
import { BrokerUnavailableError, TopologyError } from './broker-errors.ts';
import type { Bus, BusOptions } from './bus.ts';
import { once } from './closeable.ts';
import { connectLink, type Link } from './connection.ts';
import { cancelMessage } from './control.ts';
import { deadMessage } from './dead-letter.ts';
import { deadLetterBox } from './dead-letters.ts';
import { readDead } from './dead-reader.ts';
import { declareTopology } from './declare.ts';
import { checkSize, envelopeOf, homeLane } from './envelope.ts';
import { readJournal } from './journal-reader.ts';
import { journalWriter } from './journal-writer.ts';
import type { Outbox } from './outbox.ts';
import { backoffMs, pause, settlesWithin } from './pause.ts';
import { surely } from './publish-surely.ts';
import { startPublisher } from './publisher.ts';
import { listenToPush, startPusher } from './push.ts';
import { countQueues, listQueues } from './queues.ts';
import { serve } from './serve.ts';
import { EXCHANGES, journalName, topology } from './topology.ts';

const APPEND_TIMEOUT_MS = 30_000;
const SEND_TIMEOUT_MS = 30_000;
const MEND_TIMEOUT_MS = 10_000;
const QUEUES_TIMEOUT_MS = 5_000;
const FLUSH_MS = 5_000;

/** Resolves when connected and the topology stands; tries until then, and logs why it waits. @throws {TopologyError} */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { url, instance, partitions, log } = options;
  const stop = new AbortController();
  // Two connections: the broker may block the one that publishes, and acks must still get through.
  const sending = connectLink(url, `${instance} (publishes)`, log);
  const receiving = connectLink(url, `${instance} (consumes)`, log);
  const pools = new Set(options.pools ?? []);

  const declare = (signal: AbortSignal) => declareTopology(receiving, topology(partitions, [...pools]), signal);
  try {
    await declareFirst(declare, stop.signal, options);
    await sending.connection(stop.signal);
  } catch (error) {
    await Promise.all([sending.close(), receiving.close()]);
    throw error;
  }

  /** Makes again what somebody deleted. */
  const mend = async () => {
    try {
      await declare(AbortSignal.timeout(MEND_TIMEOUT_MS));
    } catch (error) {
      log.error({ err: error }, 'the topology could not be mended');
    }
  };
  const publisher = startPublisher(sending, log);
  const sure = surely(publisher, mend, stop.signal, log);
  const writer = journalWriter(publisher, partitions, mend, log);
  const pusher = startPusher(sending, log);
  const underWay = new Set<Promise<void>>();
  const track = <Args extends unknown[]>(act: (...args: Args) => Promise<void>) => {
    return (...args: Args): Promise<void> => {
      const done = act(...args);
      const settled = done.catch(() => {}).finally(() => underWay.delete(settled));
      underWay.add(settled);
      return done;
    };
  };
  const outbox: Outbox = {
    append: track((records) => writer.append(records, Number.POSITIVE_INFINITY, false)),
    publish: track((message) => sure.publish(message, Number.POSITIVE_INFINITY)),
  };

  const append = async (records: readonly JournalRecord[], timeoutMs = APPEND_TIMEOUT_MS, failFast = false) => {
    const why = failFast ? whyNotNow(sending) : undefined;
    if (why !== undefined) throw new BrokerUnavailableError(why);
    await writer.append(records, timeoutMs, failFast);
  };
  sending.onChange(() => {
    if (sending.blocked !== undefined) writer.failFast(`the broker takes no messages: ${sending.blocked}`);
  });

  const send = async (commands: readonly Command[]) => {
    const messages = commands.map((command) => {
      const envelope = envelopeOf(command);
      checkSize(envelope);
      return { exchange: EXCHANGES.commands, key: homeLane(command), ...envelope };
    });
    const before = pools.size;
    for (const { pool } of commands) pools.add(pool);
    if (pools.size > before) await mend();
    await Promise.all(messages.map((message) => sure.publish(message, SEND_TIMEOUT_MS)));
  };

  return {
    health: () => ({ connected: sending.connected && receiving.connected, blocked: sending.blocked }),
    append: track((records, { timeoutMs, failFast } = {}) => append(records, timeoutMs, failFast)),
    send: track(send),
    push: (events) => pusher.push('events', events),
    tellAlive: (alive) => pusher.push('alive', alive),
    onPush: (handlers) => listenToPush(receiving, handlers, log),
    cancelJob: track((job) => sure.publish(cancelMessage(job, randomUUID()), SEND_TIMEOUT_MS)),
    readJournal: (partition, turn) =>
      readJournal({
        link: receiving,
        log,
        partition,
        turn,
        bury: (message, why, raw) =>
          outbox.publish(
            deadMessage(
              { ...message, content: Buffer.from(typeof raw === 'string' ? raw : JSON.stringify(raw)) },
              journalName(partition),
              { code: 'validation', message: why, retryable: false },
            ),
          ),
      }),
    readDead: () => readDead(receiving, outbox, log),
    serve: (served) =>
      serve(served, {
        link: receiving,
        log,
        outbox,
        publisher: sure,
        tellAlive: (alive) => pusher.push('alive', alive),
      }),
    queues: async () =>
      options.managementUrl === undefined
        ? countQueues(receiving, topology(partitions, [...pools]).queues, AbortSignal.timeout(QUEUES_TIMEOUT_MS))
        : listQueues(options.managementUrl, url),
    deadLetters: deadLetterBox(receiving, append, log),
    close: once(async () => {
      await settlesWithin(Promise.all(underWay), FLUSH_MS);
      stop.abort();
      writer.close();
      await Promise.all([publisher.close(), pusher.close()]);
      await Promise.all([sending.close(), receiving.close()]);
    }),
  };
}

async function declareFirst(
  declare: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  { log }: BusOptions,
): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await declare(signal);
    } catch (error) {
      if (error instanceof TopologyError) throw error;
      log.warn({ err: error }, 'the topology could not be declared yet');
      await pause(backoffMs(failures, 100, 5_000), signal);
    }
  }
}

const whyNotNow = (link: Link): string | undefined =>
  link.connected
    ? link.blocked === undefined
      ? undefined
      : `the broker takes no messages: ${link.blocked}`
    : 'not connected to the broker';
