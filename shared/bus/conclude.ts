import type { Command } from '../messages/command.ts';
import type { JobError } from '../messages/job.ts';
import { CommandRetrying } from '../messages/outcome.ts';
import { type JournalRecord, recordOf } from '../messages/record.ts';
import { metrics } from '../metrics/metrics.ts';
import type { Ending } from './attempt.ts';
import { deadMessage } from './dead-letter.ts';
import type { Delivery } from './delivery.ts';
import { envelopeOf, homeLane } from './envelope.ts';
import { TerminalError } from './errors.ts';
import { homeMessage } from './home-message.ts';
import type { Outbox } from './outbox.ts';
import type { Outgoing } from './publisher.ts';
import { type Rung, rungOfAtLeast } from './retry-ladder.ts';
import { rungName } from './topology.ts';

/** What follows from an ending has to be safe before the delivery is acked. */
export interface ConcludeOptions {
  readonly command: Command;
  readonly delivery: Delivery;
  readonly outbox: Outbox;
  pauseLanes(ms: number): void;
}

/** Makes safe what follows from an ending. Only when this resolves may the delivery be acked. */
export async function conclude(ending: Ending, options: ConcludeOptions): Promise<void> {
  const { command, delivery, outbox } = options;
  switch (ending.kind) {
    case 'done':
      return appendResult(ending, options);
    case 'aborted':
      return ending.reason === 'shutdown' ? outbox.publish(homeMessage(delivery.message)) : undefined;
    case 'retry': {
      const delayMs = ending.delayS * 1000;
      const notBefore = ending.notBeforeMs > delayMs ? Date.now() + ending.notBeforeMs : undefined;
      await tellRetrying(command, Math.max(delayMs, ending.notBeforeMs), ending.error, outbox);
      metrics.retries.inc({ command: command.type, code: ending.error.code });
      return outbox.publish(rungMessage({ ...command, attempt: command.attempt + 1 }, ending.delayS, notBefore));
    }
    case 'dead':
      metrics.deadLetters.inc({ command: command.type, code: ending.error.code });
      return outbox.publish(deadMessage(delivery.message, delivery.message.fields.routingKey, ending.error));
    case 'pause':
      options.pauseLanes(ending.afterMs);
      await outbox.append([waitingRecord(command, ending.afterMs, ending.error)]);
      return outbox.publish(homeMessage(delivery.message));
    default:
      return ending satisfies never;
  }
}

/** A result that no message can carry kills its command: trying again would make the same one. */
async function appendResult(ending: Extract<Ending, { kind: 'done' }>, options: ConcludeOptions): Promise<void> {
  try {
    await options.outbox.append([ending.record]);
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error;
    const { attempt } = options.command;
    const dead: JobError = { code: error.code, message: error.message, retryable: false, attempts: attempt };
    await conclude({ kind: 'dead', error: dead }, options);
  }
}

async function tellRetrying(command: Command, delayMs: number, error: JobError, { append }: Outbox): Promise<void> {
  const { id, type, part } = command;
  const next = command.attempt + 1;
  const retrying = CommandRetrying({ command: id, stage: type, part, attempt: next, delay_ms: delayMs, error });
  await append([recordOf(command, retrying, Date.now(), `${type}/${next}`)]);
}

/**
 * Tells why a job waits although no attempt was spent. The id is that of the job and the attempt, not of the command: of
 * all that an outage says about a job, from all workers and however long it takes, only the first is heard.
 */
function waitingRecord(command: Command, delayMs: number, error: JobError): JournalRecord {
  const { id, type, part, attempt } = command;
  const waiting = CommandRetrying({ command: id, stage: type, part, attempt, delay_ms: delayMs, error });
  return recordOf({ ...command, part: 'outage' }, waiting, Date.now(), `${type}/${attempt}`);
}

/** A command on the retry ladder: its routing key is its lane, to which the rung lets it go after a while. */
export function rungMessage(command: Command, rung: Rung, notBefore: number | undefined): Outgoing {
  return { exchange: rungName(rung), key: homeLane(command), ...envelopeOf(command, notBefore) };
}

/** A command whose provider asked for more time than the longest rung gives: back to the ladder, no attempt spent. */
export const waitLonger = (command: Command, notBefore: number): Outgoing =>
  rungMessage(command, rungOfAtLeast(notBefore - Date.now()), notBefore);
