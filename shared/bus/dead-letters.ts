import type { JobError } from '../messages/job.ts';

/** Which dead letters; every field given must fit. */
export interface DeadLetterFilter {
  readonly ids?: readonly string[];
  /** Lane in which the command died. */
  readonly queue?: string;
  readonly type?: string;
  readonly error_code?: string;
  /** RFC 3339; compared with `died_at`. */
  readonly before?: string;
  readonly after?: string;
}

export interface DeadLetter {
  readonly id: string;
  /** Absent when the message is not a command of ours; such a letter can only be discarded. */
  readonly job?: string;
  readonly command?: string;
  readonly type: string;
  readonly part?: string;
  readonly queue: string;
  /** `failed`: our verdict. The others are the broker's. */
  readonly reason: string;
  readonly attempts: number;
  readonly error: JobError;
  /** RFC 3339 UTC. */
  readonly died_at: string;
  readonly replay_count: number;
  readonly replayable: boolean;
  readonly body: unknown;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export interface ActOptions {
  readonly limit?: number;
  readonly ratePerS?: number;
  readonly dryRun?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

export interface Skipped {
  readonly id: string;
  readonly why: string;
}

export interface DeadLetters {
  /** Oldest first. */
  list(filter?: DeadLetterFilter, limit?: number): Promise<DeadLetter[]>;
  get(id: string): Promise<DeadLetter | undefined>;
  /** Hands the commands back to their jobs. Stopped at any instant it loses nothing and doubles nothing. */
  replay(
    filter: DeadLetterFilter,
    options?: ActOptions,
  ): Promise<{ matched: number; replayed: number; skipped: Skipped[] }>;
  discard(
    filter: DeadLetterFilter,
    options?: ActOptions,
  ): Promise<{ matched: number; discarded: number; skipped: Skipped[] }>;
}
