import { isTerminal, type Job, type JobError, replaysOf } from '../../../shared/messages/job.ts';
import { CommandFailed, CommandReplayed, CommandRetrying, CommandStarted } from '../../../shared/messages/outcome.ts';
import { EVENTS, type JournalRecord } from '../../../shared/messages/record.ts';
import { GenerationDropped } from '../../../shared/messages/reembedding.ts';
import { JobAdmitted, JobCancel, JobDue, JobOverdue, JobSubmitted } from '../../../shared/messages/submission.ts';
import { ask } from './ask.ts';
import { embed } from './embed.ts';
import { andThen, type Decision, decision, type Flow, nothing, withState } from './flow.ts';
import { generate } from './generate.ts';
import { ingest } from './ingest.ts';
import { newborn } from './newborn.ts';
import { reembed } from './reembed.ts';
import { search } from './search.ts';

/** What flows may do here, beside what their jobs say. */
export interface Settings {
  /** Somebody carries out `passages.rank`. */
  readonly ranker?: boolean;
  /** A language model is configured: somebody carries out `question.condense`. */
  readonly languageModel?: boolean;
  /** Whether a job may begin now; one that may not waits until it is admitted. Without it every job may. */
  readonly admits?: ((job: Job) => boolean) | undefined;
  /** The model whose vectors a job is to compare with its query's; any when there is none. */
  readonly modelOf?: ((job: Job) => string | undefined) | undefined;
}

const FLOWS: Readonly<Record<Job['type'], Flow>> = { ask, search, ingest, embed, generate, reembed };

/**
 * The whole of Warren's thinking: what follows from an event for its job. Pure. `job` is undefined before its birth;
 * the answer is undefined when there is nothing to say about a job nobody knows.
 */
export function decide(
  job: Job | undefined,
  { id, job: jobId, at, event }: JournalRecord,
  settings: Settings = {},
): Decision | undefined {
  if (job === undefined) return event.type === JobSubmitted.type ? birth(jobId, event.body, settings) : undefined;
  if (event.type === CommandReplayed.type) return replayed(job, event.body);
  if (isTerminal(job.status)) return nothing(job);
  switch (event.type) {
    case JobSubmitted.type:
      return nothing(job);
    case JobCancel.type:
      return cancelled(job, at, event.body.reason);
    case JobDue.type:
      return job.status === 'scheduled' ? queued(job, settings) : nothing(job);
    case JobAdmitted.type:
      return job.waiting === true ? begin(job, settings) : nothing(job);
    case GenerationDropped.type:
      // No worker's word: it does not mean that the job is running.
      return timed(FLOWS[job.type].on(job, event, at), at);
    case JobOverdue.type:
      return timed(overdue(job), at);
    case CommandStarted.type:
      return begun({ ...woken(job), attempt: event.body.attempt }, at);
    case CommandRetrying.type:
      return retrying(job, at, event.body);
    case CommandFailed.type:
      return timed(
        andThen(begun(woken(job), at), (running) => failed(running, event.body)),
        at,
      );
    default: {
      const known: keyof typeof EVENTS = event.type;
      if (EVENTS[known] === undefined) throw new Error(`no flow hears "${id}"`);
      return timed(
        andThen(begun(woken(job), at), (running) => FLOWS[running.type].on(running, event, at)),
        at,
      );
    }
  }
}

function birth(id: string, body: JobSubmitted['body'], { admits, modelOf, ...settings }: Settings): Decision {
  const { run_at } = body;
  const later = run_at !== undefined && Date.parse(run_at) > Date.parse(body.created_at);
  // A job goes its whole way by the settings of its birth.
  const job: Job = { ...newborn(id, body), status: later ? 'scheduled' : 'queued', state: { ...settings } };
  return later
    ? decision(job, { events: [{ event: 'job.scheduled', data: { run_at } }] })
    : queued(job, { admits, modelOf });
}

/** The job's time has come: it begins, or it waits while its key has enough under way. */
const queued = (job: Job, settings: Settings): Decision =>
  andThen(decision({ ...job, status: 'queued' }, { events: [{ event: 'job.queued', data: {} }] }), (next) =>
    settings.admits === undefined || settings.admits(next)
      ? begin(next, settings)
      : decision({ ...next, waiting: true }),
  );

/** The job's first commands go out. */
function begin({ waiting, ...job }: Job, { modelOf }: Settings): Decision {
  const embedding_model = modelOf?.(job);
  return FLOWS[job.type].start(embedding_model === undefined ? job : withState(job, { embedding_model }));
}

/**
 * The first word from a worker means that the job is running. Which stage it is in only its flow knows: the word may come
 * from a worker that is late.
 */
function begun(job: Job, at: number): Decision {
  if (job.status !== 'queued') return nothing(job);
  const started_at = job.started_at ?? new Date(at).toISOString();
  return decision(
    { ...job, status: 'running', started_at },
    { events: [{ event: 'job.started', data: job.stage === undefined ? {} : { stage: job.stage } }] },
  );
}

/** The command that waited for its retry is at work again. */
function woken(job: Job): Job {
  const { next_retry_at, ...rest } = job;
  return rest;
}

function retrying(job: Job, at: number, { stage, attempt, delay_ms, error }: CommandRetrying['body']): Decision {
  const next_retry_at = new Date(at + delay_ms).toISOString();
  return andThen(begun(job, at), (running) =>
    decision(
      { ...running, attempt, next_retry_at },
      { events: [{ event: 'job.retrying', data: { stage, attempt, delay_ms, error } }] },
    ),
  );
}

/** A command is dead: the flow may know a way on, else the job fails and names the dead letter. */
function failed(job: Job, body: CommandFailed['body']): Decision {
  const way = FLOWS[job.type].onFailed?.(job, body);
  if (way !== undefined) return way;
  const error: JobError = { ...body.error, stage: body.stage };
  return decision(without(job, { status: 'failed', error }), {
    events: [{ event: 'job.failed', data: { error, dead_letter: body.dead_letter } }],
  });
}

function overdue(job: Job): Decision {
  const error: JobError = {
    code: 'deadline_exceeded',
    message: `the job was not done by its deadline ${job.deadline_at ?? ''}`.trimEnd(),
    retryable: false,
    ...(job.stage === undefined ? {} : { stage: job.stage }),
  };
  return decision(without(job, { status: 'failed', error }), {
    events: [{ event: 'job.failed', data: { error } }],
    abort: true,
  });
}

function cancelled(job: Job, at: number, reason: string | undefined): Decision {
  const data = reason === undefined ? {} : { reason };
  return timed(
    decision(without(job, { status: 'cancelled' }), { events: [{ event: 'job.cancelled', data }], abort: true }),
    at,
  );
}

/** A dead letter of a failed job came back: it runs again, without the deadline that may have passed meanwhile. */
function replayed(job: Job, body: CommandReplayed['body']): Decision {
  if (job.status !== 'failed') return nothing(job);
  const { error, finished_at, deadline_at, next_retry_at, result, ...rest } = job;
  const { dead_letter, command } = body;
  const events = [{ event: 'job.replayed' as const, data: { dead_letter } }];
  // Commands sent from here on get new ids, or their outcomes would count as heard before.
  const replay = Math.max(replaysOf(job), command.replay) + 1;
  const state = { ...job.state, replay };
  const running = decision({ ...rest, state, status: 'running', stage: command.type, attempt: 1 }, { events });
  const again = { command: { type: command.type, body: command.body }, part: command.part };
  return andThen(running, (next) => FLOWS[next.type].onReplayed?.(next) ?? decision(next, { wishes: [again] }));
}

/** The job with what belongs to a running one only taken away. */
function without(job: Job, changes: Partial<Job>): Job {
  const { next_retry_at, stage, ...rest } = job;
  return { ...rest, ...changes };
}

/** Stamps the end of a job that ended in this decision. */
function timed(made: Decision, at: number): Decision {
  if (!isTerminal(made.job.status) || made.job.finished_at !== undefined) return made;
  return { ...made, job: { ...made.job, finished_at: new Date(at).toISOString() } };
}
