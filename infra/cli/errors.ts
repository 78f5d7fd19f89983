/** The gateway refused something; the message is its own. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  /** HTTP status. */
  readonly status: number;
  /** Stable code of the problem, e.g. `job_not_found`. */
  readonly code: string;
  /** What the gateway asks to wait before the next try, if it does. */
  readonly retryAfterMs: number | undefined;
  constructor(status: number, problem: Problem = {}, retryAfterMs?: number) {
    super(wordsOf(status, problem));
    this.status = status;
    this.code = problem.code ?? `http_${status}`;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Nobody answers at the gateway's address, or no longer. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** The command line asks for something that cannot be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What is read of problem details (RFC 9457). */
export interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly code?: string;
  readonly errors?: readonly { readonly pointer?: string; readonly detail?: string }[];
}

function wordsOf(status: number, { title, detail, errors = [] }: Problem): string {
  const faults = errors.map((fault) => [fault.pointer, fault.detail].filter(Boolean).join(' ')).filter(Boolean);
  const words = detail ?? title ?? `the gateway answered ${status}`;
  return faults.length === 0 || faults.every((fault) => words.includes(fault))
    ? words
    : `${words}: ${faults.join('; ')}`;
}

const MAX_RETRY_AFTER_S = 60;

/** `Retry-After` in milliseconds, when it is a number of seconds; never more than a minute. */
export function retryAfterMs(header: string | null | undefined): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, MAX_RETRY_AFTER_S) * 1000 : undefined;
}
