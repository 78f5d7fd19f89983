import { MAX_COMMAND_BYTES } from '../../shared/bus/envelope.ts';
import type { StoredEvent } from '../../shared/messages/client-event.ts';
import { type Command, DEFAULT_POOL } from '../../shared/messages/command.ts';
import { type Job, type JobError, replaysOf } from '../../shared/messages/job.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { JobSubmitted } from '../../shared/messages/submission.ts';
import type { Load } from '../../shared/store/shares.ts';
import { decide, type Settings } from './flows/decide.ts';
import { type Decision, decision, toCommand, type Write } from './flows/flow.ts';
import { newborn } from './flows/newborn.ts';
import type { ModelNames } from './named-model.ts';
import { Shares } from './shares/shares.ts';
import { aware, NONE_SUPERSEDED, type Superseded } from './superseded.ts';

/** What a record's turn sends once it is committed; stored beside the record's id so that it can be sent again. */
export interface Output {
  readonly job: string;
  readonly commands: readonly Command[];
  /** First and last `seq` of the client events it made. */
  readonly seqs?: readonly [first: number, last: number];
  /** Workers shall stop the job. */
  readonly abort: boolean;
  /** How often the job had been replayed when it was to be stopped; 0 when absent. */
  readonly replay?: number;
}

/** Everything one turn writes and then sends. */
export interface Plan {
  /** The jobs that changed, as they are after the turn. */
  readonly jobs: ReadonlyMap<string, Job>;
  readonly events: readonly StoredEvent[];
  readonly writes: readonly Write[];
  /** One output for each record heard for the first time, by record id. */
  readonly fresh: ReadonlyMap<string, Output>;
  /** Outputs of records heard before: sent again, since the process may have died before sending them. */
  readonly again: readonly Output[];
  /** Decisions that went wrong; their jobs have failed with `internal`. */
  readonly faults: readonly { record: string; error: unknown }[];
}

export interface PlanSettings extends Omit<Settings, 'admits' | 'modelOf'> {
  /** The pool that serves a model. */
  readonly poolOf: (model: string | undefined) => string;
  /** How many jobs of a backlog may be under way. */
  readonly shareOf: (backlog: string) => number;
}

export interface Known {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly outputs: ReadonlyMap<string, Output>;
  /** Of the backlogs in which jobs may begin in this turn. */
  readonly loads: readonly Load[];
  /** The models to name for the collections of jobs that may begin in this turn. */
  readonly models?: ModelNames;
  /** Documents of these jobs that are superseded. */
  readonly superseded?: Superseded;
}

/**
 * Runs the records through `decide` in order. Pure: the same records on the same rows make the same plan. `spoilt` names
 * records whose outcome the database would not take: their jobs fail instead.
 */
export function planTurn(
  records: readonly JournalRecord[],
  known: Known,
  { poolOf, shareOf, ...settings }: PlanSettings,
  spoilt?: unknown,
): Plan {
  const shares = new Shares(known.loads, shareOf);
  const admits = (job: Job) => shares.admits(job);
  const modelOf = (job: Job) => known.models?.of(job);
  const { superseded = NONE_SUPERSEDED } = known;
  const jobs = new Map<string, Job>();
  const events: StoredEvent[] = [];
  const writes: Write[] = [];
  const fresh = new Map<string, Output>();
  const again: Output[] = [];
  const faults: { record: string; error: unknown }[] = [];
  for (const record of records) {
    const before = known.outputs.get(record.id);
    if (before !== undefined) again.push(before);
    if (before !== undefined || fresh.has(record.id)) continue;
    const row = known.jobs.get(record.job);
    const job = jobs.get(record.job) ?? (row && aware(row, superseded));
    const step = attempt(job ?? stillborn(record, spoilt), record.at, () => {
      if (spoilt !== undefined) throw spoilt;
      const made = decide(job, record, { ...settings, admits, modelOf });
      return made && stepOf(made, record.at, poolOf);
    });
    if (step.fault !== undefined) faults.push({ record: record.id, error: step.fault });
    if (step.made === undefined) continue;
    jobs.set(record.job, step.made.job);
    events.push(...step.made.events);
    writes.push(...step.made.writes);
    fresh.set(record.id, step.made.output);
  }
  return { jobs, events, writes, fresh, again, faults };
}

/** A decision made ready to be stored: its events have their numbers, its commands their lanes. */
interface Step {
  readonly job: Job;
  readonly events: readonly StoredEvent[];
  readonly writes: readonly Write[];
  readonly output: Output;
}

/** A job whose birth goes wrong was accepted all the same, so it has to end. */
function stillborn({ job, event }: JournalRecord, spoilt: unknown): Job | undefined {
  if (event.type !== JobSubmitted.type) return undefined;
  if (spoilt === undefined) return newborn(job, event.body);
  // Something in it is what the database would not take.
  const { run_at, deadline_at, ...body } = event.body;
  return newborn(job, { ...body, input: {}, tags: [], metadata: {} });
}

/** A decision that goes wrong must not stop the wheel for everybody: its job fails, and the fault is told. */
function attempt(
  job: Job | undefined,
  at: number,
  make: () => Step | undefined,
): { made?: Step | undefined; fault?: unknown } {
  try {
    return { made: make() };
  } catch (fault) {
    return { made: job && stepOf(gaveUp(job, at, fault), at, () => DEFAULT_POOL), fault };
  }
}

function gaveUp(job: Job, at: number, fault: unknown): Decision {
  const error: JobError =
    fault instanceof OversizeError
      ? { code: 'validation', message: fault.message, retryable: false }
      : { code: 'internal', message: 'the job could not be carried on; see the orchestrator log', retryable: false };
  const ended: Job = { ...job, status: 'failed', error, finished_at: new Date(at).toISOString() };
  return decision(ended, { events: [{ event: 'job.failed', data: { error } }], abort: true });
}

function stepOf({ job, wishes, events, writes, abort }: Decision, at: number, poolOf: PlanSettings['poolOf']): Step {
  const time = new Date(at).toISOString();
  const stored = events.map(
    ({ event, data }, index): StoredEvent => ({ job: job.id, seq: job.last_seq + index + 1, event, at: time, data }),
  );
  const commands = wishes.map((wish) => fitting(toCommand(job, wish, poolOf(wish.model))));
  const [first, last] = [stored[0]?.seq, stored.at(-1)?.seq];
  const seqs = first === undefined || last === undefined ? {} : { seqs: [first, last] as const };
  return {
    job: { ...job, last_seq: job.last_seq + stored.length },
    events: stored,
    writes,
    output: { job: job.id, commands, ...seqs, abort, ...(abort && { replay: replaysOf(job) }) },
  };
}

class OversizeError extends Error {}

/** A command that no message can carry would be refused again and again after the commit. */
function fitting(command: Command): Command {
  const bytes = Buffer.byteLength(JSON.stringify(command.body));
  if (bytes <= MAX_COMMAND_BYTES) return command;
  throw new OversizeError(`${command.type} would have ${bytes} bytes, more than the ${MAX_COMMAND_BYTES} of a message`);
}
