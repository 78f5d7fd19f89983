import type { Job } from '../../shared/messages/job.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { JobAdmitted, JobDue, JobSubmitted } from '../../shared/messages/submission.ts';
import type { Queryable } from '../../shared/store/database.ts';
import { activeModels } from '../../shared/store/generations.ts';

/** The model of a generation of vectors; `settled` when it has some. */
interface GenerationModel {
  readonly embedding_model: string;
  readonly settled: boolean;
}

/**
 * The model that a command for a generation must name. One without vectors that was made with the deployment's own model
 * takes whatever its embedder answers with, whose name may be another.
 */
export const namedModel = ({ embedding_model, settled }: GenerationModel, own: string): string | undefined =>
  settled || embedding_model !== own ? embedding_model : undefined;

/** What the jobs that begin in a turn must name as the model of their collection. */
export interface ModelNames {
  of(job: Pick<Job, 'owner' | 'collection'>): string | undefined;
}

/** Jobs that look into a collection; only these need to know its model. */
const LOOKING: ReadonlySet<string> = new Set(['ask', 'search'] satisfies Job['type'][]);

/** Reads the models for the jobs that may begin with these records: one statement, if there are such jobs. */
export async function readModelNames(
  db: Queryable,
  records: readonly JournalRecord[],
  own: string,
): Promise<ModelNames> {
  const collections = records.flatMap(({ event }) =>
    event.type === JobSubmitted.type && LOOKING.has(event.body.type)
      ? [{ owner: event.body.owner, collection: event.body.collection ?? '' }]
      : [],
  );
  const jobs = records.flatMap(({ job, event }) =>
    event.type === JobDue.type || event.type === JobAdmitted.type ? [job] : [],
  );
  const rows = collections.length + jobs.length === 0 ? [] : await activeModels(db, { collections, jobs });
  const names = new Map(rows.map((row) => [keyOf(row), namedModel(row, own)]));
  return { of: (job) => names.get(keyOf(job)) };
}

const keyOf = ({ owner, collection = '' }: { owner: string; collection?: string }): string => `${owner}\n${collection}`;
