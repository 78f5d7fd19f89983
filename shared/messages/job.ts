import { z } from 'zod';

export const PRIORITIES = ['high', 'normal', 'low'] as const;
export const Priority = z.enum(PRIORITIES);
export type Priority = z.infer<typeof Priority>;

export const JOB_TYPES = ['ask', 'ingest', 'embed', 'generate', 'search', 'reembed'] as const;
export const JobType = z.enum(JOB_TYPES);
export type JobType = z.infer<typeof JobType>;

export const JOB_STATUSES = ['scheduled', 'queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export const JobStatus = z.enum(JOB_STATUSES);
export type JobStatus = z.infer<typeof JobStatus>;

export const ERROR_CODES = [
  'validation',
  'collection_not_found',
  'model_not_found',
  'provider_error',
  'provider_rate_limited',
  'provider_timeout',
  'attempts_exhausted',
  'deadline_exceeded',
  'poison_message',
  'partially_failed',
  'recall_too_low',
  'internal',
] as const;
export const ErrorCode = z.enum(ERROR_CODES);
export type ErrorCode = z.infer<typeof ErrorCode>;

/** Why a job failed, or why a command will be tried again. */
export const JobError = z.object({
  code: ErrorCode,
  message: z.string(),
  retryable: z.boolean(),
  stage: z.string().optional(),
  attempts: z.int().optional(),
  provider: z.string().optional(),
});
export type JobError = z.infer<typeof JobError>;

/** What a job consumed, as counted by the provider (estimated counts are marked). */
export const Usage = z.object({
  prompt_tokens: z.int().optional(),
  completion_tokens: z.int().optional(),
  embedded_texts: z.int().optional(),
  provider_ms: z.number().optional(),
  estimated: z.boolean().optional(),
});
export type Usage = z.infer<typeof Usage>;

export const Progress = z.object({ done: z.int(), total: z.int() });
export type Progress = z.infer<typeof Progress>;

/**
 * A job as its flow sees it and the database keeps it. Times are RFC 3339 UTC.
 * `state` belongs to the flow of the job's type: small, and only ever added to.
 */
export interface Job {
  readonly id: string;
  readonly type: JobType;
  /** Name of the API key that submitted it. */
  readonly owner: string;
  readonly status: JobStatus;
  readonly priority: Priority;
  /** Queued without a command: its key has as many jobs under way as its share allows. */
  readonly waiting?: boolean;
  readonly collection?: string;
  /** The command under way, e.g. `texts.embed`. */
  readonly stage?: string;
  readonly progress: Progress;
  /** Attempt of the command under way, counted from 1. */
  readonly attempt: number;
  /** Overrides the number of attempts of every command of this job. */
  readonly max_attempts?: number;
  readonly next_retry_at?: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: JobError;
  readonly usage?: Usage;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly run_at?: string;
  readonly deadline_at?: string;
  readonly created_at: string;
  readonly started_at?: string;
  readonly finished_at?: string;
  /** Sequence number of the newest client event; 0 before the first. */
  readonly last_seq: number;
  readonly state: Readonly<Record<string, unknown>>;
}

/** How often the job came back from the dead letters: commands of an earlier life have a smaller `replay`. */
export const replaysOf = ({ state }: Pick<Job, 'state'>): number => Number(state.replay ?? 0);

export const isTerminal = (status: JobStatus): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled';
