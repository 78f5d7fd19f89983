import type { Logger } from 'pino';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { metrics } from '../../shared/metrics/metrics.ts';
import type { Database, Tx } from '../../shared/store/database.ts';
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
  ({ db, send, settings, log }: Parts) =>
  async (records: readonly JournalRecord[]): Promise<void> => {
    const begun = performance.now();
    const { known, plan } = await db.transaction(async (tx) => {
      const known = await readKnown(tx, records);
      const plan = planTurn(records, known, settings);
      await write(tx, plan, records);
      return { known, plan };
    });
    metrics.turnRecords.observe(records.length);
    metrics.turnSeconds.observe((performance.now() - begun) / 1000);
    countEnds(known.jobs, plan.jobs);
    for (const { record, error } of plan.faults) log.error({ err: error, record }, 'a decision failed');
    await send({ outputs: [...plan.again, ...plan.fresh.values()], events: plan.events, again: plan.again });
  };

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
async function write(tx: Tx, plan: Plan, records: readonly JournalRecord[]): Promise<void> {
  const at = new Date().toISOString();
  const inbox = records.flatMap(({ id }) => {
    const outputs = plan.fresh.get(id);
    return outputs === undefined ? [] : [{ id, job: outputs.job, outputs, at }];
  });
  const distinct = [...new Map(inbox.map((row) => [row.id, row])).values()];
  await Promise.all([
    saveJobs(tx, [...plan.jobs.values()]),
    appendEvents(tx, plan.events),
    recordInbox(tx, distinct),
    applyWrites(tx, plan.writes),
  ]);
}
