import type { Logger } from 'pino';
import type { Command } from '../messages/command.ts';
import { metrics } from '../metrics/metrics.ts';
import { deadMessage } from './dead-letter.ts';
import { envelopeOf, sendable } from './envelope.ts';
import { TerminalError } from './errors.ts';
import type { Outgoing } from './publisher.ts';

/** Where a letter is said to have died that no lane ever had. */
const NO_LANE = 'none';

/**
 * A command as a message for its lane. One that no lane can have is a dead letter instead: it may be of another release,
 * found in a letter or left unsent, and would be refused each time it is sent, with all that waits behind it. So its job
 * hears why it fails, and a release that knows the command can replay it.
 */
export function laneMessage(command: Command, log: Logger): Outgoing {
  try {
    return sendable(command);
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error;
    log.error({ command: command.id, job: command.job, err: error }, 'a command that cannot be sent: it is put away');
    metrics.deadLetters.inc({ command: command.type, code: error.code });
    const { code, message } = error;
    return deadMessage(envelopeOf(command), NO_LANE, { code, message, retryable: false, attempts: command.attempt });
  }
}
