import type { Logger } from 'pino';
import type { Closeable } from './closeable.ts';
import type { Link } from './connection.ts';
import { failedRecord, readDeadLetter } from './dead-letter.ts';
import type { Delivery } from './delivery.ts';
import { TerminalError } from './errors.ts';
import type { Outbox } from './outbox.ts';
import { pause } from './pause.ts';
import { subscribe } from './subscribe.ts';
import { journalDead } from './topology.ts';

const PREFETCH = 50;
/** It comes back at once. */
const AFTER_FAILURE_MS = 2_000;

/** Tells each dead command's job of it, whoever let it die. What belongs to no job stays in the dead letters only. */
export async function readDead(link: Link, outbox: Outbox, log: Logger): Promise<Closeable> {
  return subscribe({
    link,
    log,
    queue: journalDead(),
    prefetch: PREFETCH,
    onDelivery: (delivery) => void tellJob(delivery, outbox, log),
  });
}

async function tellJob(delivery: Delivery, outbox: Outbox, log: Logger): Promise<void> {
  const dead = readDeadLetter(delivery.message);
  const { id, job, type, queue, error } = dead.letter;
  log.warn({ dead_letter: id, job, stage: type, queue, error }, 'a dead letter');
  try {
    await append(dead, outbox);
    delivery.ack();
  } catch (error) {
    log.error({ dead_letter: id, err: error }, 'a job could not be told of its dead letter, trying again');
    await pause(AFTER_FAILURE_MS);
    delivery.requeue();
  }
}

async function append(dead: ReturnType<typeof readDeadLetter>, outbox: Outbox): Promise<void> {
  const record = failedRecord(dead, dead.letter.body);
  if (record === undefined) return;
  try {
    await outbox.append([record]);
  } catch (error) {
    const bare = failedRecord(dead, null);
    // Its body does not fit into a record; the job must hear of it all the same.
    if (error instanceof TerminalError && bare !== undefined) return outbox.append([bare]);
    throw error;
  }
}
