import { createHash } from 'node:crypto';
import type { Job, JobType, Priority } from '../../../shared/messages/job.ts';
import type { Submission } from '../api/submission.ts';
import { checkIn } from '../documents/check-in.ts';
import { type Content, contentsOf } from '../documents/content.ts';
import type { Gateway } from '../gateway.ts';

/** A job somebody wants, checked but not yet accepted. */
export interface Draft {
  readonly type: JobType;
  readonly owner: string;
  readonly priority: Priority;
  readonly collection?: string;
  readonly max_attempts?: number;
  /** RFC 3339 UTC. */
  readonly run_at?: string;
  readonly deadline_ms?: number;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Makes what the job's message carries, for the job of this id. */
  input(gateway: Gateway, job: string): Promise<Job['input']>;
  /** The same for the same wish, however it was written. */
  fingerprint(): string;
}

/** Types of jobs that would hold up others. */
const LONG: ReadonlySet<JobType> = new Set(['ingest', 'reembed']);

/** @throws {Problem} when documents cannot be taken */
export function draftOf(owner: string, submission: Submission): Draft {
  const { type, priority, run_at, deadline_ms, max_attempts, tags = [], metadata = {} } = submission;
  return {
    ...wishOf(submission),
    type,
    owner,
    priority: priority ?? (LONG.has(type) ? 'low' : 'normal'),
    ...(run_at === undefined ? {} : { run_at: new Date(run_at).toISOString() }),
    ...(deadline_ms === undefined ? {} : { deadline_ms }),
    ...(max_attempts === undefined ? {} : { max_attempts }),
    tags,
    metadata,
    fingerprint: () => hash(JSON.stringify(sorted(submission))),
  };
}

function wishOf({ type, input }: Submission): Pick<Draft, 'input' | 'collection'> {
  switch (type) {
    case 'ingest':
      return ingest(input.collection, contentsOf(input.documents));
    case 'ask':
    case 'search':
    case 'reembed':
      return { collection: input.collection, input: async () => input };
    case 'embed':
    case 'generate':
      return { input: async () => input };
  }
}

const ingest = (collection: string, contents: readonly Content[]): Pick<Draft, 'input'> & { collection: string } => ({
  collection,
  input: async (gateway, job) => ({ collection, documents: await checkIn(gateway, job, contents) }),
});

/** An ingest job of documents that came another way than in a submission. */
export const ingestDraft = (owner: string, collection: string, contents: readonly Content[]): Draft => ({
  ...ingest(collection, contents),
  type: 'ingest',
  owner,
  priority: 'low',
  tags: [],
  metadata: {},
  fingerprint: () =>
    hash(
      JSON.stringify(sorted(contents.map(({ bytes, ...about }) => ({ ...about, bytes: hash(bytes) })))) + collection,
    ),
});

/**
 * A re-embedding by a model that is looked for when the job is new: when the request is repeated, the collection has gone
 * back to it already. That model answered before, so no passage that it cannot embed stands in the way.
 */
export const rollbackDraft = (owner: string, collection: string, former: () => Promise<string>): Draft => ({
  type: 'reembed',
  owner,
  collection,
  input: async () => ({ collection, embedding_model: await former(), partial: true }),
  priority: 'low',
  tags: [],
  metadata: {},
  fingerprint: () => hash(JSON.stringify(['rollback', collection])),
});

const hash = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

/** The same value with the keys of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
