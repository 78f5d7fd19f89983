import type { ErrorCode } from '../messages/job.ts';

interface Details {
  readonly cause?: unknown;
  readonly provider?: string;
}

/** Trying again cannot help: the command becomes a dead letter at once. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly code: ErrorCode;
  readonly provider: string | undefined;
  constructor(code: ErrorCode, message: string, { cause, provider }: Details = {}) {
    super(message, { cause });
    this.code = code;
    this.provider = provider;
  }
}

/** Trying again may help. `afterMs` is the least wait, e.g. a provider's Retry-After. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  readonly code: ErrorCode;
  readonly provider: string | undefined;
  readonly afterMs: number | undefined;
  constructor(code: ErrorCode, message: string, { cause, provider, afterMs }: Details & { afterMs?: number } = {}) {
    super(message, { cause });
    this.code = code;
    this.provider = provider;
    this.afterMs = afterMs;
  }
}

/** Nothing is wrong with the command, its provider is out: the lane pauses, the command goes back, no attempt is spent. */
export class OutageError extends Error {
  override readonly name = 'OutageError';
  readonly provider: string;
  readonly afterMs: number;
  constructor(provider: string, message: string, afterMs: number, cause?: unknown) {
    super(message, { cause });
    this.provider = provider;
    this.afterMs = afterMs;
  }
}

/** The job was cancelled, overdue, or the process stops: nobody wants this outcome. Used as an AbortSignal's reason. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError';
  readonly reason: 'cancelled' | 'overdue' | 'shutdown';
  constructor(reason: 'cancelled' | 'overdue' | 'shutdown') {
    super(`the work was stopped: ${reason}`);
    this.reason = reason;
  }
}
