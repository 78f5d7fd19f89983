import type { DocumentInput } from '../../shared/messages/inputs.ts';
import type { Job as InnerJob, JobType, Priority } from '../../shared/messages/job.ts';
import type { Passage } from '../../shared/messages/retrieval.ts';

/** A job as the API shows it. */
export type Job = Omit<InnerJob, 'owner' | 'state'> & { readonly max_attempts: number };
export type { StoredEvent as JobEvent } from '../../shared/messages/client-event.ts';
export type { Explanation } from '../../shared/messages/retrieval.ts';
export type FoundPassage = Passage;
export type NewDocument = DocumentInput;

/** Body of `POST /v1/jobs`. */
export interface Submission {
  readonly type: JobType;
  readonly input: Readonly<Record<string, unknown>>;
  readonly priority?: Priority;
  readonly run_at?: string;
  readonly deadline_ms?: number;
  readonly max_attempts?: number;
  readonly tags?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface Page<Item> {
  readonly data: readonly Item[];
  readonly has_more: boolean;
  readonly next_cursor?: string | null;
}

export interface Collection {
  readonly name: string;
  readonly embedding_model: string;
  readonly generations?: readonly { readonly embedding_model: string; readonly state: string }[];
  readonly documents: number;
  readonly passages: number;
  readonly created_at: string;
}

/** A document in a list; its text is not there. */
export interface ListedDocument {
  readonly id: string;
  readonly title: string;
  readonly status: 'pending' | 'searchable' | 'partial' | 'failed';
  readonly source?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What an ingest job's result says of one document. */
export interface IngestedDocument {
  readonly id: string;
  readonly status: string;
  readonly passages: number;
  /** The same content was searchable already. */
  readonly unchanged?: boolean;
  readonly error?: string;
}

export interface DeadLetter {
  readonly id: string;
  readonly job?: string;
  readonly command?: string;
  readonly type: string;
  readonly queue: string;
  readonly attempts: number;
  readonly error: { readonly code: string; readonly message: string };
  readonly died_at: string;
  readonly age_s?: number;
  readonly replay_count?: number;
  readonly body?: unknown;
}

/** Which dead letters are meant; all fields must fit. */
export interface DeadLetterFilter {
  readonly queue?: string;
  readonly type?: string;
  readonly error_code?: string;
  readonly before?: string;
  readonly after?: string;
}

export interface DeadLetterAction {
  readonly ids?: readonly string[];
  readonly filter?: DeadLetterFilter;
  readonly limit?: number;
  readonly rate_per_s?: number;
  readonly dry_run?: boolean;
}

export interface DeadLetterOutcome {
  readonly matched: number;
  readonly replayed?: number;
  readonly discarded?: number;
  readonly skipped?: readonly { readonly id: string; readonly why: string }[];
}

export interface Queue {
  readonly name: string;
  readonly kind?: string;
  readonly depth: number;
  readonly consumers: number;
  readonly unacked?: number;
  readonly oldest_age_s?: number | null;
}

export interface Worker {
  readonly id: string;
  readonly service: string;
  readonly host: string;
  readonly pid: number;
  readonly pool: string;
  readonly busy: number;
  readonly concurrency?: number;
  readonly models: readonly string[];
  readonly breakers?: Readonly<Record<string, string>>;
}
