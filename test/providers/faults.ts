import { expect } from 'chai';
import { OutageError, RetryableError, TerminalError } from '../../shared/bus/errors.ts';
import type { ErrorCode } from '../../shared/messages/job.ts';

/** What has to become of a call that meets a fault. */
export interface Outcome {
  /** Which decides about retries. An outage spends no attempt. */
  readonly kind: typeof RetryableError | typeof TerminalError | typeof OutageError;
  /** Of the error, or of an outage's cause. */
  readonly code?: ErrorCode;
  readonly afterMs?: number;
  readonly message?: RegExp;
}

/** Silence that a provider is allowed in these suites. */
export const IDLE_MS = 200;
/** No test of anything else may fail because the machine was busy for a moment. */
const PATIENT_MS = 10_000;
/** The silence allowed to a model of this name: short only where silence is what it is about. */
export const idleOf = (model: string): number => (model.includes('hang') ? IDLE_MS : PATIENT_MS);
/** A fault is told within this time. */
export const WITHIN_MS = 6_000;

export const retryable = (message: RegExp, code: ErrorCode = 'provider_error'): Outcome => ({
  kind: RetryableError,
  code,
  message,
});
export const terminal = (message: RegExp, code: ErrorCode = 'provider_error'): Outcome => ({
  kind: TerminalError,
  code,
  message,
});
export const outage = (message: RegExp, afterMs: number, code: ErrorCode = 'provider_error'): Outcome => ({
  kind: OutageError,
  code,
  message,
  afterMs,
});

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** @throws {AssertionError} unless the error is what it has to be, and its wait, too */
export function expectOutcome(error: unknown, { kind, code, afterMs, message }: Outcome): void {
  expect(error).to.be.instanceOf(kind);
  if (!(error instanceof Error)) return;
  if (message !== undefined) expect(error.message).to.match(message);
  if (code !== undefined) expect(codeOf(error instanceof OutageError ? error.cause : error)).to.equal(code);
  if (afterMs !== undefined) {
    expect(error).to.have.property('afterMs');
    // Time has passed since the breaker opened.
    if ('afterMs' in error) expect(error.afterMs).to.be.within(afterMs * 0.5, afterMs);
  }
}

/** Fails when it takes longer. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`hung for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The times (ms) below which half and 99 in 100 lie. */
export function percentiles(times: readonly number[]): { p50: number; p99: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
