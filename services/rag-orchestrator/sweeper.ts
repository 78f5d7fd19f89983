import type { Logger } from 'pino';
import type { Bus, Closeable } from '../../shared/bus/bus.ts';
import type { Event, JournalRecord } from '../../shared/messages/record.ts';
import { JobDue, JobOverdue } from '../../shared/messages/submission.ts';
import { closeAbandoned } from '../../shared/store/abandoned.ts';
import type { Database } from '../../shared/store/database.ts';
import { forgetDeletions } from '../../shared/store/documents.ts';
import { forgetKeys } from '../../shared/store/idempotency.ts';
import { dueJobs, expireJobs, overdueJobs } from '../../shared/store/jobs.ts';
import { forgetUploads } from '../../shared/store/uploads.ts';
import type { GenerationUpkeep } from './generations/generation-upkeep.ts';
import { Said } from './said.ts';
import type { Admission } from './shares/admission.ts';

const SWEEP_MS = 1_000;
const EXPIRE_MS = 60_000;
/** Due and overdue jobs wait for a sweep that forgets; it does so no longer than this. */
const EXPIRING_MS = 2_000;
/** Jobs of one sweep; what is left is found by the next. */
const SWEEP_JOBS = 500;
/** What an ended job's workers were at has come to its end by then. */
const ABANDONED_AFTER_S = 60;
/** In one transaction, which has to end in time: each may have tens of thousands of passages. */
const ABANDONED_AT_ONCE = 10;
const KEY_TTL_S = 24 * 3600;
/** An upload whose job was never accepted, because the gateway died in between. */
const ORPHAN_UPLOAD_TTL_S = 24 * 3600;

interface Options {
  readonly db: Database;
  readonly bus: Pick<Bus, 'append'>;
  readonly admission: Pick<Admission, 'sweep'>;
  readonly generations: Pick<GenerationUpkeep, 'sweep'>;
  readonly resultTtlS: number;
  readonly jobTtlS: number;
  readonly log: Logger;
}

/**
 * Looks for jobs whose time has come: due ones and overdue ones become events, expired ones are deleted, waiting ones
 * begin. Vectors whose time is over go as well. Every orchestrator may sweep, since the events' ids are always the same.
 */
export function startSweeper({ db, bus, admission, generations, resultTtlS, jobTtlS, log }: Options): Closeable {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let expireAt = 0;
  const said = new Said();

  const sweep = async () => {
    const now = new Date().toISOString();
    const [due, overdue] = await Promise.all([dueJobs(db, now, SWEEP_JOBS), overdueJobs(db, now, SWEEP_JOBS)]);
    const found = [...due.map((job) => record(job, JobDue({}))), ...overdue.map((job) => record(job, JobOverdue({})))];
    const news = found.filter(({ id }) => !said.has(id));
    await bus.append(news);
    said.add(news.map(({ id }) => id));
    await admission.sweep();
    await generations.sweep();
    if (Date.now() >= expireAt && (await expired())) expireAt = Date.now() + EXPIRE_MS;
  };

  /** Forgets what is past its time, batch by batch. @returns false when some is left for the next sweep */
  const expired = async (): Promise<boolean> => {
    const until = Date.now() + EXPIRING_MS;
    // First: without their job nobody could tell that these are left behind.
    const abandoned = { ageS: Math.min(ABANDONED_AFTER_S, jobTtlS), limit: ABANDONED_AT_ONCE };
    while ((await closeAbandoned(db, abandoned)) >= ABANDONED_AT_ONCE) {
      if (stopped || Date.now() > until) return false;
    }
    while ((await expireJobs(db, { resultTtlS, jobTtlS, limit: SWEEP_JOBS })) >= SWEEP_JOBS) {
      if (stopped || Date.now() > until) return false;
    }
    await forgetKeys(db, KEY_TTL_S);
    await forgetDeletions(db, { ageS: jobTtlS, limit: SWEEP_JOBS });
    await forgetUploads(db, ORPHAN_UPLOAD_TTL_S);
    return true;
  };

  const next = () => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = sweep()
        .catch((error: unknown) => log.warn({ err: error }, 'the sweep failed and will be tried again'))
        .finally(next);
    }, SWEEP_MS);
  };

  next();
  return {
    close: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

const record = (job: string, event: Event): JournalRecord => ({
  id: `${job}/${event.type}`,
  job,
  at: Date.now(),
  event,
});
