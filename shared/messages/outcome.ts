import { z } from 'zod';
import { JobError, Priority } from './job.ts';
import { message, type Of } from './message.ts';

/** Names a command of a job without its body. */
const CommandName = z.object({
  /** Message id of the command. */
  command: z.string(),
  /** Type of the command, e.g. `texts.embed`. */
  stage: z.string(),
  /** Which part of the stage, as in the command's id. */
  part: z.string(),
});

/** Event: a command has been running long enough to be worth telling. Quick ones never say so. */
export const CommandStarted = message('command.started', CommandName.extend({ attempt: z.int() }));
export type CommandStarted = Of<typeof CommandStarted>;

/** Event: a command failed and waits on the retry ladder for its next attempt. */
export const CommandRetrying = message(
  'command.retrying',
  CommandName.extend({
    /** The attempt that comes next. */
    attempt: z.int(),
    delay_ms: z.int(),
    error: JobError,
  }),
);
export type CommandRetrying = Of<typeof CommandRetrying>;

/** Event: a command ended as a dead letter. */
export const CommandFailed = message(
  'command.failed',
  CommandName.extend({
    dead_letter: z.string(),
    replay: z.int(),
    error: JobError,
    /** The dead command's body, for flows that try a part of it again. */
    body: z.unknown(),
  }),
);
export type CommandFailed = Of<typeof CommandFailed>;

/** A dead command as the replay hands it back. */
export const ReplayedCommand = z.object({
  id: z.string(),
  type: z.string(),
  part: z.string(),
  priority: Priority,
  pool: z.string(),
  max_attempts: z.int(),
  /** How often it was replayed before. */
  replay: z.int(),
  body: z.unknown(),
});

/** Event: somebody replays a dead letter; the job's turn sends its command again. */
export const CommandReplayed = message(
  'command.replayed',
  z.object({ dead_letter: z.string(), command: ReplayedCommand }),
);
export type CommandReplayed = Of<typeof CommandReplayed>;
