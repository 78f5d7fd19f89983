import type { Logger } from 'pino';
import type { Bus, Closeable } from '../../../shared/bus/bus.ts';
import { isTerminal, type Job } from '../../../shared/messages/job.ts';
import type { JournalRecord } from '../../../shared/messages/record.ts';
import { JobAdmitted } from '../../../shared/messages/submission.ts';
import type { Database } from '../../../shared/store/database.ts';
import { admissible, type Backlog, waitingBacklogs } from '../../../shared/store/shares.ts';
import { Said } from '../said.ts';
import { backlogOf, nameOf } from './backlog.ts';
import type { Pace } from './pace.ts';

/** Backlogs looked at in one sweep; there are as many as keys, types and priorities in use. */
const SWEEP_BACKLOGS = 1_000;
/** How long the turns of admitted jobs are waited for. Another orchestrator may take them, and tells nobody here. */
const HEARD_MS = 1_000;

interface Options {
  readonly db: Database;
  readonly bus: Pick<Bus, 'append'>;
  readonly pace: Pace;
  readonly log: Logger;
}

/**
 * Lets jobs that wait begin as soon as others of their backlog have ended. What waits is in the database; what is here may
 * be lost or wrong without harm: a sweep finds it again, and an admission that comes twice changes nothing.
 */
export class Admission implements Closeable {
  readonly #options: Options;
  /** Where jobs wait, as far as this process knows. */
  readonly #waiting = new Map<string, Backlog>();
  /** Admitted here; their turns are waited for. */
  readonly #admitted = new Set<string>();
  /** Admitted here, whether or not anybody still waits: in the database they go on waiting until their turns. */
  readonly #said = new Said();
  #allHeard: (() => void) | undefined;
  #again = false;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** A turn was committed. */
  turned(before: ReadonlyMap<string, Job>, after: ReadonlyMap<string, Job>): void {
    let room = false;
    for (const job of after.values()) {
      const name = nameOf(job);
      if (job.waiting === true) this.#waiting.set(name, backlogOf(job));
      this.#admitted.delete(job.id);
      this.#said.forget([job.id]);
      if (!isTerminal(job.status) || isTerminal(before.get(job.id)?.status ?? job.status)) continue;
      this.#options.pace.ended(name, 1);
      room ||= this.#waiting.has(name);
    }
    if (this.#admitted.size === 0) this.#allHeard?.();
    if (room) this.#nudge();
  }

  /** Looks for jobs that wait wherever they are, also those that another process left. */
  async sweep(): Promise<void> {
    this.#options.pace.forgetIdle();
    for (const backlog of await waitingBacklogs(this.#options.db, SWEEP_BACKLOGS)) {
      this.#waiting.set(nameOf(backlog), backlog);
    }
    if (this.#waiting.size > 0) this.#nudge();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#allHeard?.();
    await this.#running;
  }

  #nudge(): void {
    this.#again = true;
    this.#running ??= this.#run()
      .catch((error: unknown) =>
        this.#options.log.warn({ err: error }, 'no job was admitted; the next sweep tries again'),
      )
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      const jobs = (await this.#room()).filter((job) => !this.#said.has(job));
      if (jobs.length === 0) continue;
      await this.#admit(jobs);
      await this.#heard();
      this.#again = true;
    }
  }

  async #admit(jobs: readonly string[]): Promise<void> {
    // Before they are safe: their turns may be quicker than the confirm.
    for (const job of jobs) this.#admitted.add(job);
    this.#said.add(jobs);
    try {
      await this.#options.bus.append(jobs.map(admission));
    } catch (error) {
      this.#admitted.clear();
      this.#said.forget(jobs);
      throw error;
    }
  }

  async #room(): Promise<string[]> {
    const { db, pace } = this.#options;
    const asked = [...this.#waiting.entries()].map(([name, backlog]) => ({ ...backlog, share: pace.share(name) }));
    const found = await admissible(db, asked);
    const left = new Set(found.map(nameOf));
    for (const backlog of asked) if (!left.has(nameOf(backlog))) this.#waiting.delete(nameOf(backlog));
    return found.flatMap(({ jobs }) => jobs);
  }

  /** Until the admitted jobs are under way, those that may begin are mostly the same. */
  async #heard(): Promise<void> {
    if (this.#admitted.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#allHeard = resolve;
      timer = setTimeout(resolve, HEARD_MS);
    });
    clearTimeout(timer);
    this.#allHeard = undefined;
    this.#admitted.clear();
  }
}

const admission = (job: string): JournalRecord => ({
  id: `${job}/${JobAdmitted.type}`,
  job,
  at: Date.now(),
  event: JobAdmitted({}),
});
