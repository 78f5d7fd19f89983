import type { ClientEvent } from '../../../shared/messages/client-event.ts';
import { COMMANDS, type Command, commandId } from '../../../shared/messages/command.ts';
import { type Job, type JobError, replaysOf } from '../../../shared/messages/job.ts';
import type { Message } from '../../../shared/messages/message.ts';
import type { CommandFailed } from '../../../shared/messages/outcome.ts';
import type { Event } from '../../../shared/messages/record.ts';
import type { PassageRun } from '../../../shared/messages/reembedding.ts';

/** A command a flow wants carried out. `part` tells the commands of one type within the job apart. */
export interface Wish {
  readonly command: Message;
  readonly part: string;
  /** Chooses the pool by `ROUTES`. */
  readonly model?: string | undefined;
}

/** Rows a turn writes beside the job, in the same transaction. */
export type Write =
  | {
      readonly kind: 'vectors';
      readonly owner: string;
      readonly collection: string;
      readonly document: string;
      readonly revision: string;
      readonly from: number;
      /** base64 Float32; null where the text could not be embedded */
      readonly vectors: readonly (string | null)[];
      readonly model: string;
      readonly dimensions: number;
    }
  | {
      readonly kind: 'built';
      readonly generation: number;
      readonly runs: readonly PassageRun[];
      /** As above, one for each passage of the runs. */
      readonly vectors: readonly (string | null)[];
      /** Why a text could not be embedded, by its position. */
      readonly errors: Readonly<Record<number, string>>;
      readonly model: string;
    }
  | {
      readonly kind: 'document';
      readonly owner: string;
      readonly collection: string;
      readonly document: string;
      readonly revision: string;
      readonly status: 'searchable' | 'partial' | 'failed';
      readonly error?: string;
    };

/** What follows from an event: the job as it is now, and what to do about it. */
export interface Decision {
  readonly job: Job;
  readonly wishes: readonly Wish[];
  readonly events: readonly ClientEvent[];
  readonly writes: readonly Write[];
  /** Workers shall stop whatever they do for this job. */
  readonly abort: boolean;
}

/**
 * The process of one type of job. Every function is pure; a repeated, late or foreign event gets `nothing(job)`.
 */
export interface Flow {
  /** The job may begin. */
  start(job: Job): Decision;
  /** One of its commands told something. */
  on(job: Job, event: Event, at: number): Decision;
  /** One of its commands is dead; a flow that can go on without it says how, else the job fails. */
  onFailed?(job: Job, failed: CommandFailed['body']): Decision | undefined;
  /** A dead command of the failed job comes back; by default it is simply sent again. */
  onReplayed?(job: Job): Decision;
}

export const nothing = (job: Job): Decision => ({ job, wishes: [], events: [], writes: [], abort: false });

/** A decision: `nothing` but what is named. */
export const decision = (job: Job, parts: Partial<Omit<Decision, 'job'>> = {}): Decision => ({
  ...nothing(job),
  ...parts,
});

/** One decision after another: the later one saw the earlier one's job. */
export const andThen = (first: Decision, second: (job: Job) => Decision): Decision => {
  const next = second(first.job);
  return {
    job: next.job,
    wishes: [...first.wishes, ...next.wishes],
    events: [...first.events, ...next.events],
    writes: [...first.writes, ...next.writes],
    abort: first.abort || next.abort,
  };
};

/** The job with its flow's state changed. */
export const withState = (job: Job, state: Readonly<Record<string, unknown>>): Job => ({
  ...job,
  state: { ...job.state, ...state },
});

/** The job ended well. */
export function succeed(job: Job, result: Readonly<Record<string, unknown>>): Decision {
  const { next_retry_at, stage, ...rest } = job;
  const progress = { done: Math.max(job.progress.total, 1), total: Math.max(job.progress.total, 1) };
  return decision(
    { ...rest, status: 'succeeded', result, progress },
    { events: [{ event: 'job.succeeded', data: { result } }] },
  );
}

/** The job ended badly; what it did all the same is in its result. */
export function fail(
  job: Job,
  error: Pick<JobError, 'code' | 'message'>,
  result?: Readonly<Record<string, unknown>>,
): Decision {
  const { next_retry_at, stage, ...rest } = job;
  const told: JobError = { ...error, retryable: false };
  return decision(
    { ...rest, status: 'failed', error: told, ...(result === undefined ? {} : { result }) },
    { events: [{ event: 'job.failed', data: { error: told } }] },
  );
}

/** The next command of a linear flow, with the progress that reaching it means. */
export function advance(job: Job, done: number, wish: Wish): Decision {
  const stage = wish.command.type;
  const progress = { done, total: job.progress.total };
  return decision(
    { ...job, stage, attempt: 1, progress },
    { wishes: [wish], events: done === 0 ? [] : [{ event: 'job.progress', data: { ...progress, stage } }] },
  );
}

/** A wish as it goes to its lane. `pool` comes from the routes. */
export function toCommand(job: Job, wish: Wish, pool: string): Command {
  const { type, body } = wish.command;
  const replay = replaysOf(job);
  return {
    id: commandId(job.id, type, wish.part, replay),
    job: job.id,
    type,
    part: wish.part,
    body,
    priority: job.priority,
    pool,
    attempt: 1,
    max_attempts: job.max_attempts ?? (COMMANDS[type]?.retries ?? 0) + 1,
    ...(job.deadline_at === undefined ? {} : { deadline: Date.parse(job.deadline_at) }),
    replay,
  };
}
