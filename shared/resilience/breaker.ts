import CircuitBreaker from 'opossum';
import { AbortedError, RetryableError } from '../bus/errors.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** Names what it guards, e.g. `ollama/llama3.2`. */
  readonly name: string;
  /** How long it stays open before one call may try again; default 10,000. */
  readonly resetMs?: number;
  /** Calls within the window below which it never opens, and failures in a row after which it always does; default 5. */
  readonly minimumCalls?: number;
  /** How far back it looks; default 60,000. */
  readonly windowMs?: number;
  /** Told of each change of state. */
  readonly onState?: (state: BreakerState) => void;
}

/** Refused without a call: the breaker is open, or half-open with its one trial under way. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError';
  /** When asking again may be worth it. */
  readonly afterMs: number;
  constructor(name: string, afterMs: number) {
    super(`${name} is failing; it is tried again in ${Math.ceil(afterMs / 1000)} s`);
    this.afterMs = afterMs;
  }
}

/**
 * Stops calling what keeps failing. Only retryable errors count, and not all: what is a call's own fault says that its
 * provider is well, so does a provider that asks for patience, and a cancelled call says nothing.
 */
export interface Breaker {
  readonly name: string;
  state(): BreakerState;
  /** When an open one lets a call try, in ms from now; 0 when it is not open. */
  opensInMs(): number;
  /** @throws {BreakerOpenError} without having called `work`; else whatever `work` throws */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Counts a failure that came after `run` had succeeded, e.g. in the middle of a stream. */
  failedLater(error: unknown): void;
  /** Clears its timers; it must not be used afterwards. */
  close(): void;
}

const RESET_MS = 10_000;
const MINIMUM_CALLS = 5;
const WINDOW_MS = 60_000;
const BUCKETS = 12;
/** Below one half: a call that succeeds and fails later counts as one of each. */
const THRESHOLD_PERCENT = 45;
/** How long others wait while a half-open breaker's one trial runs. */
const TRIAL_MS = 1_000;

const counts = (error: unknown): boolean => error instanceof RetryableError && error.code !== 'provider_rate_limited';

const stateOf = (circuit: CircuitBreaker): BreakerState => {
  if (circuit.opened) return 'open';
  return circuit.halfOpen ? 'half-open' : 'closed';
};

function createCircuit({ name, resetMs, minimumCalls, windowMs }: BreakerOptions) {
  const circuit: CircuitBreaker = new CircuitBreaker(<T>(work: () => Promise<T>): Promise<T> => work(), {
    name,
    // The provider's own deadlines apply: a stream has no fixed length.
    timeout: false,
    resetTimeout: resetMs ?? RESET_MS,
    volumeThreshold: minimumCalls ?? MINIMUM_CALLS,
    rollingCountTimeout: windowMs ?? WINDOW_MS,
    rollingCountBuckets: BUCKETS,
    errorThresholdPercentage: THRESHOLD_PERCENT,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    // A filtered error closes a half-open breaker, so a cancelled trial must not be filtered: it opens again.
    errorFilter: (error: unknown) => !counts(error) && !(circuit.halfOpen && error instanceof AbortedError),
  });
  return circuit;
}

export function createBreaker(options: BreakerOptions): Breaker {
  const { name, resetMs = RESET_MS, minimumCalls = MINIMUM_CALLS, onState } = options;
  const circuit: CircuitBreaker = createCircuit(options);
  let opensUntil = 0;
  let failuresInARow = 0;
  // While lanes pause there are few calls, and a share of the window's would take minutes to show that nobody answers.
  circuit.on('failure', () => {
    failuresInARow += 1;
    if (failuresInARow >= minimumCalls && circuit.closed) circuit.open();
  });
  circuit.on('success', () => {
    failuresInARow = 0;
  });
  circuit.on('open', () => {
    opensUntil = Date.now() + resetMs;
    onState?.('open');
  });
  circuit.on('halfOpen', () => onState?.('half-open'));
  circuit.on('close', () => onState?.('closed'));
  const opensInMs = (): number => (circuit.opened ? Math.max(1, opensUntil - Date.now()) : 0);
  const refusal = (): BreakerOpenError | undefined => {
    if (circuit.opened) return new BreakerOpenError(name, opensInMs());
    return circuit.halfOpen && !circuit.pendingClose ? new BreakerOpenError(name, TRIAL_MS) : undefined;
  };
  return {
    name,
    state: () => stateOf(circuit),
    opensInMs,
    run: async <T>(work: () => Promise<T>): Promise<T> => {
      // Asked here and not left to the circuit: it counts refused calls too, and would open late after the next failure.
      const refused = refusal();
      if (refused !== undefined) throw refused;
      return (await circuit.fire(work)) as T;
    },
    failedLater: (error) => {
      if (counts(error) && circuit.closed) circuit.fire(() => Promise.reject(error)).catch(() => {});
    },
    close: () => circuit.shutdown(),
  };
}
