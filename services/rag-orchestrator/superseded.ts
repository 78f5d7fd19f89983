import type { Job } from '../../shared/messages/job.ts';
import { type Write, withState } from './flows/flow.ts';

/** Ids of documents that something newer has replaced or deleted while an ingest made them, by the ingest's job. */
export type Superseded = ReadonlyMap<string, readonly string[]>;

export const NONE_SUPERSEDED: Superseded = new Map();

/** A turn was to publish documents that are superseded, as only the database knew: it must be decided anew. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError';
  readonly superseded: Superseded;
  constructor(superseded: Superseded) {
    super('documents were replaced or deleted before they could be published');
    this.superseded = superseded;
  }
}

/**
 * Sees whether a turn knew of all documents that it published in vain.
 * @throws {SupersededError} with these and those that were known
 */
export function mustHaveKnown(known: Superseded, inVain: readonly Extract<Write, { kind: 'document' }>[]): void {
  const news = inVain.filter(({ revision, document }) => known.get(revision)?.includes(document) !== true);
  if (news.length === 0) return;
  const all = new Map(known);
  for (const { revision, document } of news) all.set(revision, [...(all.get(revision) ?? []), document]);
  throw new SupersededError(all);
}

/** The job as it is when it has heard of them. */
export function aware(job: Job, superseded: Superseded): Job {
  const documents = superseded.get(job.id);
  return documents === undefined ? job : withState(job, { superseded: documents });
}
