import { inspect } from 'node:util';
import type { ErrorCode, JobError } from '../messages/job.ts';
import { OutageError, RetryableError, TerminalError } from './errors.ts';
import { type Rung, rungFor } from './retry-ladder.ts';

const MAX_MESSAGE_CHARS = 2000;
/** Pause after a provider said "too many" and not how long to wait. */
const RATE_LIMITED_MS = 5_000;

/** What becomes of a command whose handler threw. */
export type Recovery =
  | { readonly kind: 'retry'; readonly delayS: Rung; readonly notBeforeMs: number; readonly error: JobError }
  | { readonly kind: 'dead'; readonly error: JobError }
  | { readonly kind: 'pause'; readonly afterMs: number; readonly error: JobError };

/** The class of the error decides: only named errors are terminal, everything unknown is tried again. */
export function recoverability(error: unknown, attempt: number, maxAttempts: number, random = Math.random()): Recovery {
  if (error instanceof OutageError) {
    const code = error.cause instanceof RetryableError ? error.cause.code : 'provider_error';
    return { kind: 'pause', afterMs: error.afterMs, error: jobError(code, error, true, attempt) };
  }
  if (error instanceof RetryableError && error.code === 'provider_rate_limited') {
    // Whoever asks next would hear the same, so everybody waits; and it says nothing against this command.
    const afterMs = error.afterMs ?? RATE_LIMITED_MS;
    return { kind: 'pause', afterMs, error: jobError(error.code, error, true, attempt) };
  }
  if (error instanceof TerminalError) return { kind: 'dead', error: jobError(error.code, error, false, attempt) };
  const code = error instanceof RetryableError ? error.code : 'internal';
  if (attempt >= maxAttempts) {
    return { kind: 'dead', error: jobError(code === 'internal' ? 'attempts_exhausted' : code, error, true, attempt) };
  }
  const afterMs = error instanceof RetryableError ? (error.afterMs ?? 0) : 0;
  const delayS = rungFor(attempt, afterMs, random);
  return { kind: 'retry', delayS, notBeforeMs: afterMs, error: jobError(code, error, true, attempt) };
}

function jobError(code: ErrorCode, error: unknown, retryable: boolean, attempts: number): JobError {
  const provider = error instanceof Error && 'provider' in error ? error.provider : undefined;
  return {
    code,
    message: messageOf(error),
    retryable,
    attempts,
    ...(typeof provider === 'string' ? { provider } : {}),
  };
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : inspect(error)).slice(0, MAX_MESSAGE_CHARS);
