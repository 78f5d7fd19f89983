import type { IngestedDocument, Job } from '../api-types.ts';

export const OUTCOMES = ['searchable', 'partial', 'failed', 'unchanged', 'superseded', 'removed'] as const;
/**
 * How a document fared. `unchanged`: it is searchable as it was. `superseded`: somebody else has replaced or deleted it
 * meanwhile. `removed`: its file is gone, and so is it now.
 */
export type Outcome = (typeof OUTCOMES)[number];

export interface Entry {
  readonly id: string;
  readonly status: Outcome;
  readonly passages?: number;
  readonly error?: string;
}

/** Keeps the account of one run. */
export class Ledger {
  readonly entries: Entry[] = [];
  readonly #fractions = new Map<string, number>();

  add(entry: Entry): void {
    this.entries.push(entry);
  }

  count(status: Outcome): number {
    return this.entries.filter((entry) => entry.status === status).length;
  }

  /** Documents that are not as they should be. */
  get faulty(): Entry[] {
    return this.entries.filter(({ status }) => status === 'failed' || status === 'partial');
  }

  /** Documents done, those of running jobs by their share. */
  get done(): number {
    let sum = this.entries.length;
    for (const fraction of this.#fractions.values()) sum += fraction;
    return Math.floor(sum);
  }

  /** A running job has done so much of its documents. */
  progress(job: string, done: number, total: number, documents: number): void {
    if (total > 0) this.#fractions.set(job, Math.min(1, done / total) * documents);
  }

  /** A job has ended: what became of each document that it was given. @returns what was added */
  settle(job: Job, ids: readonly string[]): Entry[] {
    this.#fractions.delete(job.id);
    const results = (job.result?.documents ?? []) as readonly IngestedDocument[];
    const byId = new Map(results.map((result) => [result.id, result]));
    const settled = ids.map((id) => entryOf(id, byId.get(id), job));
    this.entries.push(...settled);
    return settled;
  }
}

function entryOf(id: string, result: IngestedDocument | undefined, job: Job): Entry {
  const status = result?.status ?? (job.status === 'succeeded' ? 'searchable' : 'failed');
  const known = OUTCOMES.find((outcome) => outcome === status) ?? 'failed';
  const error = result?.error ?? (known === 'failed' ? (job.error?.message ?? `its job is ${job.status}`) : undefined);
  return {
    id,
    status: result?.unchanged === true ? 'unchanged' : known,
    ...(result?.passages !== undefined && { passages: result.passages }),
    ...(error !== undefined && { error }),
  };
}
