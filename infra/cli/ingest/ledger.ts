import type { IngestedDocument, Job } from '../api-types.ts';

/** How a document fared. */
export interface Entry {
  readonly id: string;
  readonly status: 'searchable' | 'partial' | 'failed' | 'unchanged';
  readonly passages?: number;
  readonly error?: string;
}

/** Keeps the account of one ingest. */
export class Ledger {
  readonly entries: Entry[] = [];
  readonly #fractions = new Map<string, number>();

  add(entry: Entry): void {
    this.entries.push(entry);
  }

  count(status: Entry['status']): number {
    return this.entries.filter((entry) => entry.status === status).length;
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

  /** A job has ended: what became of each document that it was given. */
  settle(job: Job, ids: readonly string[]): void {
    this.#fractions.delete(job.id);
    const results = (job.result?.documents ?? []) as readonly IngestedDocument[];
    const byId = new Map(results.map((result) => [result.id, result]));
    for (const id of ids) this.add(entryOf(id, byId.get(id), job));
  }
}

function entryOf(id: string, result: IngestedDocument | undefined, job: Job): Entry {
  const status = result?.status ?? (job.status === 'succeeded' ? 'searchable' : 'failed');
  const error =
    result?.error ?? (status === 'searchable' ? undefined : (job.error?.message ?? `its job is ${job.status}`));
  const known = status === 'searchable' || status === 'partial' ? status : 'failed';
  return {
    id,
    status: known,
    ...(result?.passages !== undefined && { passages: result.passages }),
    ...(error !== undefined && { error }),
  };
}
