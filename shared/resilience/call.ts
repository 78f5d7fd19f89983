import { RetryableError } from '../bus/errors.ts';

export interface CallLimits {
  readonly provider: string;
  /** The job's signal. */
  readonly signal: AbortSignal;
  /** Longest wait for the first byte: a cold model is loaded, and the prompt is read, before it. */
  readonly firstByteMs: number;
  /** Longest silence afterwards. */
  readonly idleMs: number;
}

/** One request to a provider, from its start to the last byte of its answer. */
export interface Call {
  /** Aborted when the job is, when the provider is silent for too long, and by `end`. */
  readonly signal: AbortSignal;
  /** Something arrived: the silence begins anew. */
  heard(): void;
  /** Closes the connection if it is still open and clears the timer. Idempotent. */
  end(): void;
}

/** One for all calls: it says nothing of its own, and is made thousands of times a second. */
const OVER = new Error('the call is over');

/** A model that is loaded first, and a long prompt, may take this many times the longest silence afterwards. */
const FIRST_BYTE_FACTOR = 5;

/** How long a provider may be silent before a text begins, when all that is set is how long it may be within one. */
export const firstByteOf = (idleMs: number): number => idleMs * FIRST_BYTE_FACTOR;

/** Longest wait for a sign of life. */
const PROBE_MS = 20_000;

/** Limits of the call that only asks for a sign of life. */
export const probeLimits = (idleMs: number) => ({ firstByteMs: Math.min(idleMs, PROBE_MS), idleMs });

/** Bounds a request in time, and lets the job's signal close it. Must be ended. */
export function openCall({ provider, signal, firstByteMs, idleMs }: CallLimits): Call {
  const controller = new AbortController();
  const cancel = (): void => controller.abort(signal.reason);
  const giveUp = (ms: number): void =>
    controller.abort(new RetryableError('provider_timeout', `${provider} sent nothing for ${ms} ms`, { provider }));
  let timer = setTimeout(giveUp, firstByteMs, firstByteMs);
  signal.addEventListener('abort', cancel);
  if (signal.aborted) cancel();
  return {
    signal: controller.signal,
    heard: () => {
      clearTimeout(timer);
      if (!controller.signal.aborted) timer = setTimeout(giveUp, idleMs, idleMs);
    },
    end: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      controller.abort(OVER);
    },
  };
}
