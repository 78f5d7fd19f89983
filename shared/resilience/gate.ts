import { AbortedError, OutageError, RetryableError } from '../bus/errors.ts';
import { type Breaker, BreakerOpenError, type BreakerState } from './breaker.ts';
import { isLostConnection, isUnavailable } from './failure.ts';
import { whileWanted } from './while-wanted.ts';

/** A provider that cannot be used is asked again after this, until its breaker opens. */
const UNAVAILABLE_MS = 1_000;

export interface GateOptions {
  readonly provider: string;
  readonly breaker: Breaker;
  /** The smallest call that shows whether the provider answers with this model. Bounded in time. */
  readonly probe: (signal: AbortSignal) => Promise<void>;
}

/**
 * Stands before one model of one provider and knows when asking is of no use: the provider is out, or has asked for
 * patience. Then it throws OutageError, so that a fallback answers or the lane waits and no attempt is spent. When a
 * failure leaves open whose fault it is, a probe decides: no job is spent to find out.
 */
export interface Gate {
  state(): BreakerState;
  /** @throws {OutageError} without having called `work`, or when what it threw shows an outage; else what it threw */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** What a failure means that came after `run` had succeeded, in the middle of a stream. Counts it. */
  judgeLate(error: unknown, signal: AbortSignal): Promise<unknown>;
  /** Asks the provider for a sign of life, through the breaker. @throws as `run` */
  probe(signal: AbortSignal): Promise<void>;
  close(): void;
}

const isRateLimit = (error: unknown): error is RetryableError & { afterMs: number } =>
  error instanceof RetryableError && error.code === 'provider_rate_limited' && error.afterMs !== undefined;

class ProviderGate implements Gate {
  readonly #options: GateOptions;
  readonly #closing = new AbortController();
  /** Until then the provider wants no calls. */
  #patience: { readonly until: number; readonly cause: RetryableError } | undefined;
  #alive: Promise<unknown> | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  state(): BreakerState {
    return this.#options.breaker.state();
  }

  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#mustNotWait();
    if (this.state() === 'half-open') await this.#trial(signal);
    try {
      return await this.#options.breaker.run(work);
    } catch (error) {
      throw await this.#judge(error, signal);
    }
  }

  async judgeLate(error: unknown, signal: AbortSignal): Promise<unknown> {
    this.#options.breaker.failedLater(error);
    return await this.#judge(error, signal);
  }

  probe(signal: AbortSignal): Promise<void> {
    return this.run(() => this.#options.probe(signal), signal);
  }

  close(): void {
    this.#closing.abort(new AbortedError('shutdown'));
    this.#options.breaker.close();
  }

  #mustNotWait(): void {
    if (this.#patience === undefined) return;
    const { until, cause } = this.#patience;
    const leftMs = until - Date.now();
    if (leftMs > 0) throw this.#outage(cause.message, leftMs, cause);
    this.#patience = undefined;
  }

  /** The one call that a half-open breaker lets through; other jobs are refused meanwhile. */
  async #trial(signal: AbortSignal): Promise<void> {
    const { breaker, probe } = this.#options;
    try {
      await whileWanted(
        breaker.run(() => probe(this.#closing.signal)),
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      // A refusal of the probe shows that somebody is there: the job finds out for itself.
      if (error instanceof RetryableError || error instanceof BreakerOpenError) throw await this.#judge(error, signal);
    }
  }

  async #judge(error: unknown, signal: AbortSignal): Promise<unknown> {
    if (error instanceof BreakerOpenError) return this.#outage(error.message, error.afterMs, error);
    if (!(error instanceof RetryableError) || signal.aborted) return error;
    if (isRateLimit(error)) {
      this.#patience = { until: Date.now() + error.afterMs, cause: error };
      return this.#outage(error.message, error.afterMs, error);
    }
    if (isUnavailable(error) || this.state() === 'open') return this.#out(error);
    if (isLostConnection(error) && !(await this.#isAlive(signal))) return this.#out(error);
    return signal.aborted ? signal.reason : error;
  }

  /** Whether a probe succeeds, or at least is refused for its own fault. Asked once for all who wonder at a time. */
  async #isAlive(signal: AbortSignal): Promise<boolean> {
    this.#alive ??= this.#options.probe(this.#closing.signal).finally(() => {
      this.#alive = undefined;
    });
    try {
      await whileWanted(this.#alive, signal);
      return true;
    } catch (error) {
      return signal.aborted || !(error instanceof RetryableError);
    }
  }

  #out(error: RetryableError): OutageError {
    const afterMs = Math.max(this.#options.breaker.opensInMs(), error.afterMs ?? UNAVAILABLE_MS);
    return this.#outage(error.message, afterMs, error);
  }

  #outage(message: string, afterMs: number, cause: unknown): OutageError {
    return new OutageError(this.#options.provider, message, Math.max(1, Math.ceil(afterMs)), cause);
  }
}

export const createGate = (options: GateOptions): Gate => new ProviderGate(options);
