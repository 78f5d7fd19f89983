import type { StoredEvent } from '../../shared/messages/client-event.ts';
import type { Command } from '../../shared/messages/command.ts';
import type { Job, JobError } from '../../shared/messages/job.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { decide, type Settings } from './flows/decide.ts';
import { type Decision, decision, toCommand, type Write } from './flows/flow.ts';

/** What a record's turn sends once it is committed; stored beside the record's id so that it can be sent again. */
export interface Output {
  readonly job: string;
  readonly commands: readonly Command[];
  /** First and last `seq` of the client events it made. */
  readonly seqs?: readonly [first: number, last: number];
  /** Workers shall stop the job. */
  readonly abort: boolean;
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

export interface PlanSettings extends Settings {
  /** The pool that serves a model. */
  readonly poolOf: (model: string | undefined) => string;
}

export interface Known {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly outputs: ReadonlyMap<string, Output>;
}

/** Runs the records through `decide` in order. Pure: the same records on the same rows make the same plan. */
export function planTurn(records: readonly JournalRecord[], known: Known, { poolOf, ...settings }: PlanSettings): Plan {
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
    const job = jobs.get(record.job) ?? known.jobs.get(record.job);
    const made = decideSafely(job, record, settings, (error) => faults.push({ record: record.id, error }));
    if (made === undefined) continue;
    const numbered = number(made, record.at);
    jobs.set(record.job, numbered.job);
    events.push(...numbered.events);
    writes.push(...made.writes);
    fresh.set(record.id, outputOf(made, numbered, poolOf));
  }
  return { jobs, events, writes, fresh, again, faults };
}

/** A decision that throws must not stop the wheel for everybody: its job fails, and the fault is told. */
function decideSafely(
  job: Job | undefined,
  record: JournalRecord,
  settings: Settings,
  fault: (error: unknown) => void,
): Decision | undefined {
  try {
    return decide(job, record, settings);
  } catch (cause) {
    fault(cause);
    if (job === undefined) return undefined;
    const error: JobError = {
      code: 'internal',
      message: 'the job could not be carried on; see the orchestrator log',
      retryable: false,
    };
    const ended = { ...job, status: 'failed' as const, error, finished_at: new Date(record.at).toISOString() };
    return decision(ended, { events: [{ event: 'job.failed', data: { error } }], abort: true });
  }
}

/** Gives the decision's client events their place in the job's list. */
function number({ job, events }: Decision, at: number): { job: Job; events: StoredEvent[] } {
  const time = new Date(at).toISOString();
  const stored = events.map(
    ({ event, data }, index): StoredEvent => ({ job: job.id, seq: job.last_seq + index + 1, event, at: time, data }),
  );
  return { job: { ...job, last_seq: job.last_seq + stored.length }, events: stored };
}

function outputOf(
  made: Decision,
  { job, events }: { job: Job; events: StoredEvent[] },
  poolOf: (model: string | undefined) => string,
): Output {
  const first = events[0]?.seq;
  return {
    job: job.id,
    commands: made.wishes.map((wish) => toCommand(made.job, wish, poolOf(wish.model))),
    ...(first === undefined ? {} : { seqs: [first, first + events.length - 1] as const }),
    abort: made.abort,
  };
}
