import { expect } from 'chai';
import type { Settings } from '../../services/rag-orchestrator/flows/decide.ts';
import type { Write } from '../../services/rag-orchestrator/flows/flow.ts';
import { type Output, planTurn } from '../../services/rag-orchestrator/plan.ts';
import { backlogOf, distinct, nameOf } from '../../services/rag-orchestrator/shares/backlog.ts';
import type { StoredEvent } from '../../shared/messages/client-event.ts';
import type { Command } from '../../shared/messages/command.ts';
import type { Job, JobType } from '../../shared/messages/job.ts';
import { type Event, type JournalRecord, recordOf } from '../../shared/messages/record.ts';
import { JobSubmitted } from '../../shared/messages/submission.ts';
import type { Load } from '../../shared/store/shares.ts';

export const JOB = 'job_01890000-0000-7000-8000-000000000001';
const AT = Date.parse('2026-01-01T00:00:00Z');

/** A job's life in memory: the rows a database would hold, and what was sent. */
export class World {
  readonly jobs = new Map<string, Job>();
  readonly outputs = new Map<string, Output>();
  readonly events: StoredEvent[] = [];
  readonly writes: Write[] = [];
  readonly sent: Command[] = [];
  aborted = false;
  readonly settings: Settings;
  readonly share: number;

  /** `share`: how many jobs of one backlog may be under way. */
  constructor({ share = Number.POSITIVE_INFINITY, ...settings }: Settings & { share?: number } = {}) {
    this.settings = settings;
    this.share = share;
  }

  /** One turn over these records. */
  turn(...records: JournalRecord[]): this {
    const poolOf = (model: string | undefined) => (model === 'big' ? 'gpu' : 'default');
    const { modelOf, ...settings } = this.settings;
    const models = { of: (job: Pick<Job, 'owner' | 'collection'>) => modelOf?.(job as Job) };
    const known = { jobs: this.jobs, outputs: this.outputs, loads: this.loads(), models };
    const plan = planTurn(records, known, { poolOf, shareOf: () => this.share, ...settings });
    for (const [id, job] of plan.jobs) this.jobs.set(id, job);
    for (const [id, output] of plan.fresh) {
      this.outputs.set(id, output);
      this.sent.push(...output.commands);
      this.aborted ||= output.abort;
    }
    this.events.push(...plan.events);
    this.writes.push(...plan.writes);
    expect(plan.faults).to.deep.equal([]);
    return this;
  }

  /** What the database would count. */
  private loads(): Load[] {
    const unfinished = [...this.jobs.values()].filter(({ status }) => status === 'queued' || status === 'running');
    return distinct(unfinished).map((backlog) => {
      const own = unfinished.filter((job) => nameOf(job) === nameOf(backlog));
      const waiting = own.filter((job) => job.waiting === true).length;
      return { ...backlogOf(backlog), under_way: own.length - waiting, waiting: waiting > 0 };
    });
  }

  get job(): Job {
    const job = this.jobs.get(JOB);
    if (job === undefined) throw new Error('the job was never born');
    return job;
  }

  get shown(): string[] {
    return this.events.map(({ event }) => event);
  }

  /** The newest command of this type. */
  command(type: string): Command {
    const command = this.sent.findLast((sent) => sent.type === type);
    if (command === undefined) throw new Error(`no ${type} was sent`);
    return command;
  }

  /** The worker that got the newest command of this type tells this. */
  hears(type: string, event: Event, detail?: string): this {
    return this.turn(recordOf(this.command(type), event, AT + 1000, detail));
  }

  /** Something told about the job, not by a worker. */
  told(event: Event, id: string = event.type): this {
    return this.turn({ id: `${JOB}/${id}`, job: JOB, at: AT + 500, event });
  }
}

export const submitted = (
  type: JobType,
  input: Record<string, unknown>,
  more: Partial<JobSubmitted['body']> = {},
): JournalRecord => ({
  id: `${JOB}/job.submitted`,
  job: JOB,
  at: AT,
  event: JobSubmitted({
    type,
    owner: 'ann',
    priority: 'normal',
    input,
    tags: [],
    metadata: {},
    created_at: new Date(AT).toISOString(),
    ...more,
  }),
});
