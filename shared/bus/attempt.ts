import type { Logger } from 'pino';
import { z } from 'zod';
import { COMMANDS, type Command } from '../messages/command.ts';
import { CommandStarted } from '../messages/outcome.ts';
import { type JournalRecord, recordOf } from '../messages/record.ts';
import { AbortedError, TerminalError } from './errors.ts';
import type { Handler } from './handler.ts';
import { MAX_TIMER_MS } from './pause.ts';
import { type Recovery, recoverability } from './recoverability.ts';
import type { Teller } from './teller.ts';

/** Quick commands never say that they started: nobody would have time to read it. */
const WORTH_TELLING_MS = 200;

/** How one attempt at a command ended. */
export type Ending =
  | { readonly kind: 'done'; readonly record: JournalRecord }
  | { readonly kind: 'aborted'; readonly reason: AbortedError['reason'] }
  | Recovery;

/** Whether the command is sent again because of how it ended. */
export const comesAgain = (ending: Ending): boolean =>
  ending.kind === 'retry' || ending.kind === 'pause' || (ending.kind === 'aborted' && ending.reason === 'shutdown');

export interface AttemptOptions {
  readonly command: Command;
  readonly handler: Handler | undefined;
  readonly teller: Teller;
  readonly log: Logger;
  /** Aborted with an AbortedError when nobody wants the outcome any more. */
  readonly abort: AbortController;
  /** Called when the handler has something to tell: whatever it needs for its work is there. */
  answered(): void;
}

/** Runs the handler of a command once. Never rejects: every way it can go is an ending. */
export async function attempt({ command, handler, teller, log, abort, answered }: AttemptOptions): Promise<Ending> {
  const overdue = atDeadline(command, () => abort.abort(new AbortedError('overdue')));
  const telling = setTimeout(() => void tellStarted(command, teller), WORTH_TELLING_MS);
  const logger = lazily(() => log.child({ job: command.job, stage: command.type, attempt: command.attempt }));
  try {
    if (handler === undefined) throw new TerminalError('validation', `nobody here carries out "${command.type}"`);
    const body = checkedBody(command);
    const tell: Teller['tell'] = (event, detail) => {
      answered();
      return teller.tell(event, detail);
    };
    const work = {
      command,
      signal: abort.signal,
      tell,
      get log() {
        return logger();
      },
    };
    const { event, detail } = await handler.run(body, work);
    await teller.confirmed();
    return { kind: 'done', record: recordOf(command, event, Date.now(), detail) };
  } catch (error) {
    // What was told before the failure becomes safe as well, or has failed for the very reason that is dealt with here.
    await teller.confirmed().catch(() => {});
    if (abort.signal.aborted) return { kind: 'aborted', reason: reasonOf(abort.signal) };
    logger().warn({ err: error }, 'an attempt failed');
    return recoverability(error, command.attempt, command.max_attempts);
  } finally {
    clearTimeout(overdue);
    clearTimeout(telling);
  }
}

const atDeadline = ({ deadline }: Command, act: () => void): NodeJS.Timeout | undefined =>
  deadline === undefined ? undefined : setTimeout(act, Math.max(0, Math.min(deadline - Date.now(), MAX_TIMER_MS)));

/** Most commands have nothing to log, and a logger of their own costs more than many of them. */
function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const tellStarted = ({ id, type, part, attempt }: Command, teller: Teller): Promise<void> =>
  teller.tell(CommandStarted({ command: id, stage: type, part, attempt }), `${type}/${attempt}`);

function checkedBody({ type, body }: Command): unknown {
  try {
    return COMMANDS[type]?.parse(body).body;
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new TerminalError('validation', `the body of "${type}" does not fit: ${why}`, { cause: error });
  }
}

const reasonOf = ({ reason }: AbortSignal): AbortedError['reason'] =>
  reason instanceof AbortedError ? reason.reason : 'cancelled';
