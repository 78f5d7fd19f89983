import type { Logger } from 'pino';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { metrics } from '../../shared/metrics/metrics.ts';
import type { Database, Tx } from '../../shared/store/database.ts';
import { isRefusedValue } from '../../shared/store/errors.ts';
import { appendEvents } from '../../shared/store/events.ts';
import { findOutputs, recordInbox } from '../../shared/store/inbox.ts';
import { lockJobs, saveJobs } from '../../shared/store/jobs.ts';
import { applyWrites } from './apply-writes.ts';
import { countEnds } from './count-ends.ts';
import { type Known, type Output, type Plan, type PlanSettings, planTurn } from './plan.ts';
import type { Send } from './send.ts';

interface Parts {
  readonly db: Database;
  readonly send: Send;
  readonly settings: PlanSettings;
  readonly log: Logger;
}

/**
 * A turn of the wheel: a group of records becomes rows in one transaction, and what follows is sent after the commit.
 * When this resolves the records may be acked. Records that come again find their outputs and send them again.
 */
export const createTurn =
  (parts: Parts) =>
  async (records: readonly JournalRecord[]): Promise<void> => {
    const begun = performance.now();
    await takeTurn(parts, records);
    metrics.turnRecords.observe(records.length);
    metrics.turnSeconds.observe((performance.now() - begun) / 1000);
  };

/**
 * Takes the turn, and when the database will not have something in it, in halves: one job's unfit value must not hold up
 * the journal. A single record that it will not have fails its job.
 */
async function takeTurn(parts: Parts, records: readonly JournalRecord[], spoilt?: unknown): Promise<void> {
  try {
    await takeWhole(parts, records, spoilt);
  } catch (error) {
    if (!isRefusedValue(error) || spoilt !== undefined) throw error;
    if (records.length === 1) return await takeTurn(parts, records, error);
    const middle = Math.ceil(records.length / 2);
    await takeTurn(parts, records.slice(0, middle));
    await takeTurn(parts, records.slice(middle));
  }
}

async function takeWhole({ db, send, settings, log }: Parts, records: readonly JournalRecord[], spoilt: unknown) {
  const { known, plan } = await db.transaction(async (tx) => {
    const known = await readKnown(tx, records);
    const plan = planTurn(records, known, settings, spoilt);
    await write(tx, plan, known, records);
    return { known, plan };
  });
  countEnds(known.jobs, plan.jobs);
  for (const { record, error } of plan.faults) log.error({ err: error, record }, 'a decision failed');
  await send({ outputs: [...plan.again, ...plan.fresh.values()], events: plan.events, again: plan.again });
}

/** The jobs are locked before the inbox is read: another orchestrator that still held this partition is waited for. */
async function readKnown(tx: Tx, records: readonly JournalRecord[]): Promise<Known> {
  const ids = [...new Set(records.map(({ job }) => job))];
  const [jobs, outputs] = await Promise.all([
    lockJobs(tx, ids),
    findOutputs(
      tx,
      records.map(({ id }) => id),
    ),
  ]);
  return { jobs: new Map(jobs.map((job) => [job.id, job])), outputs: outputs as ReadonlyMap<string, Output> };
}

/** All statements of the turn are on their way before the first is answered. */
async function write(tx: Tx, plan: Plan, known: Known, records: readonly JournalRecord[]): Promise<void> {
  const at = new Date().toISOString();
  const inbox = records.flatMap(({ id }) => {
    const outputs = plan.fresh.get(id);
    return outputs === undefined ? [] : [{ id, job: outputs.job, outputs, at }];
  });
  const distinct = [...new Map(inbox.map((row) => [row.id, row])).values()];
  await Promise.all([
    saveJobs(tx, [...plan.jobs.values()], new Set(known.jobs.keys())),
    appendEvents(tx, plan.events),
    recordInbox(tx, distinct),
    applyWrites(tx, plan.writes),
  ]);
}
