import type { Logger } from 'pino';
import type { TurnInfo } from '../../shared/bus/bus.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { JobDue, JobSubmitted } from '../../shared/messages/submission.ts';
import { metrics } from '../../shared/metrics/metrics.ts';
import type { Database, Tx } from '../../shared/store/database.ts';
import { isRefusedValue, StoreTimeoutError } from '../../shared/store/errors.ts';
import { appendEvents } from '../../shared/store/events.ts';
import { findOutputs, recordInbox } from '../../shared/store/inbox.ts';
import { lockJobs, saveJobs } from '../../shared/store/jobs.ts';
import { type Load, loadOf } from '../../shared/store/shares.ts';
import { applyWrites } from './apply-writes.ts';
import { countEnds } from './count-ends.ts';
import { readModelNames } from './named-model.ts';
import { type Known, type Output, type Plan, type PlanSettings, planTurn } from './plan.ts';
import type { Send } from './send.ts';
import type { Admission } from './shares/admission.ts';
import { backlogOf, distinct } from './shares/backlog.ts';
import { MAX_SHARE } from './shares/pace.ts';
import { mustHaveKnown, NONE_SUPERSEDED, type Superseded, SupersededError } from './superseded.ts';

interface Parts {
  readonly db: Database;
  readonly send: Send;
  readonly settings: PlanSettings;
  readonly admission: Pick<Admission, 'turned'>;
  /** What this deployment's embedder calls its model. */
  readonly embeddingModel: string;
  readonly log: Logger;
}

/**
 * A turn of the wheel: a group of records becomes rows in one transaction, and what follows is sent after the commit.
 * When this resolves the records may be acked. Records that come again find their outputs and send them again.
 */
export const createTurn =
  (parts: Parts) =>
  async (
    records: readonly JournalRecord[],
    { heard }: Pick<TurnInfo, 'heard'> = { heard: () => {} },
  ): Promise<void> => {
    const begun = performance.now();
    await takeTurn(parts, records, { heard });
    metrics.turnRecords.observe(records.length);
    metrics.turnSeconds.observe((performance.now() - begun) / 1000);
  };

interface Attempt {
  /** Called when the turn is committed, unless something of it was heard before and its sending reads the database. */
  readonly heard?: () => void;
  /** Why the database will not have what these records bring, as it told when the turn was tried before. */
  readonly spoilt?: unknown;
  /** As the database told when the turn was tried before. */
  readonly superseded?: Superseded;
}

/**
 * Takes the turn, and when the database will not have something in it, in halves: one job's unfit value must not hold up
 * the journal. A single record that it will not have fails its job. A turn that takes the database too long is halved as
 * well: it would take as long the next time. When documents are superseded that the turn publishes, it is taken again by
 * who knows.
 */
async function takeTurn(parts: Parts, records: readonly JournalRecord[], attempt: Attempt): Promise<void> {
  try {
    await takeWhole(parts, records, attempt);
  } catch (error) {
    if (error instanceof SupersededError)
      return await takeTurn(parts, records, { ...attempt, superseded: error.superseded });
    const isTooMuch = error instanceof StoreTimeoutError && records.length > 1;
    const isRefused = isRefusedValue(error) && attempt.spoilt === undefined;
    if (!isTooMuch && !isRefused) throw error;
    if (records.length === 1) return await takeTurn(parts, records, { ...attempt, spoilt: error });
    const middle = Math.ceil(records.length / 2);
    await takeTurn(parts, records.slice(0, middle), {});
    await takeTurn(parts, records.slice(middle), {});
  }
}

async function takeWhole(
  { db, send, settings, admission, embeddingModel, log }: Parts,
  records: readonly JournalRecord[],
  { spoilt, superseded = NONE_SUPERSEDED, heard }: Attempt,
) {
  const { known, plan } = await db.transaction(async (tx) => {
    const known = { ...(await readKnown(tx, records, embeddingModel)), superseded };
    const plan = planTurn(records, known, settings, spoilt);
    mustHaveKnown(superseded, await write(tx, plan, known, records));
    return { known, plan };
  });
  countEnds(known.jobs, plan.jobs);
  admission.turned(known.jobs, plan.jobs);
  for (const { record, error } of plan.faults) log.error({ err: error, record }, 'a decision failed');
  const sent = send({ outputs: [...plan.again, ...plan.fresh.values()], events: plan.events, again: plan.again });
  // Events that must be read back are pushed later; a client's must not overtake each other.
  if (plan.again.length === 0) heard?.();
  await sent;
}

/** The jobs are locked before the inbox is read: another orchestrator that still held this partition is waited for. */
async function readKnown(tx: Tx, records: readonly JournalRecord[], embeddingModel: string): Promise<Known> {
  const ids = [...new Set(records.map(({ job }) => job))];
  const heard = records.map(({ id }) => id);
  const [jobs, outputs, loads, models] = await Promise.all([
    lockJobs(tx, ids),
    findOutputs(tx, heard),
    loadsOf(tx, records),
    readModelNames(tx, records, embeddingModel),
  ]);
  const known = new Map(jobs.map((job) => [job.id, job]));
  return { jobs: known, outputs: outputs as ReadonlyMap<string, Output>, loads, models };
}

/** How much is under way in the backlogs in which a job may begin now. */
async function loadsOf(tx: Tx, records: readonly JournalRecord[]): Promise<Load[]> {
  const backlogs = records.flatMap(({ event }) => (event.type === JobSubmitted.type ? [backlogOf(event.body)] : []));
  const jobs = records.flatMap(({ job, event }) => (event.type === JobDue.type ? [job] : []));
  if (backlogs.length + jobs.length === 0) return [];
  return await loadOf(tx, { backlogs: distinct(backlogs), jobs, most: MAX_SHARE });
}

/** All statements of the turn are on their way before the first is answered. @returns documents published in vain */
async function write(tx: Tx, plan: Plan, known: Known, records: readonly JournalRecord[]) {
  const at = new Date().toISOString();
  const inbox = records.flatMap(({ id }) => {
    const outputs = plan.fresh.get(id);
    return outputs === undefined ? [] : [{ id, job: outputs.job, outputs, at }];
  });
  const distinct = [...new Map(inbox.map((row) => [row.id, row])).values()];
  const [, , , inVain] = await Promise.all([
    saveJobs(tx, [...plan.jobs.values()], new Set(known.jobs.keys())),
    appendEvents(tx, plan.events),
    recordInbox(tx, distinct),
    applyWrites(tx, plan.writes),
  ]);
  return inVain;
}
