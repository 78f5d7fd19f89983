import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Command } from '../messages/command.ts';
import type { MessageType } from '../messages/message.ts';
import type { Event } from '../messages/record.ts';

/** What a handler gets beside the command's body. */
export interface Work {
  readonly command: Command;
  /** Aborted (reason: AbortedError) when the job is cancelled or overdue, or the process must stop. */
  readonly signal: AbortSignal;
  /**
   * Tells the job's journal something while the work goes on. Order is kept, and all of it is confirmed before the
   * command is acked. `detail` must differ between events of one type, see `recordOf`. Resolves when there is room
   * for more (back-pressure), not when confirmed.
   */
  tell(event: Event, detail: string): Promise<void>;
  readonly log: Logger;
}

/** Carries out one command and returns what happened. It may run twice for the same command. */
export type Run<Body> = (body: Body, work: Work) => Promise<{ event: Event; detail?: string }>;

export interface Handler {
  readonly type: string;
  readonly run: Run<unknown>;
}

/** Binds a handler to its kind of command; bodies are validated once, before `run` sees them. */
export const on = <Schema extends z.ZodType>(
  kind: MessageType<string, Schema>,
  run: Run<z.output<Schema>>,
): Handler => ({ type: kind.type, run: run as Run<unknown> });
