import { AbortedError, OutageError, RetryableError, TerminalError } from '../../../../shared/bus/errors.ts';

const OURS = [AbortedError, OutageError, RetryableError, TerminalError];

/** The reasons of an error and of what caused it, e.g. `fetch failed: connect ECONNREFUSED`. */
function reasons(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/**
 * What went wrong with a call, in the words that decide about retries: the reason of an aborted signal first, an error
 * of ours as it is, and anything else (refused, reset, unreadable) as worth another try.
 */
export function failure(provider: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (OURS.some((kind) => error instanceof kind)) return error;
  return new RetryableError('provider_error', `${provider}: ${reasons(error)}`, { cause: error, provider });
}
