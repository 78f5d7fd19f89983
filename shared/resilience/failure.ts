import { AbortedError, OutageError, RetryableError, TerminalError } from '../bus/errors.ts';
import { HttpRefusal } from './refusal.ts';

const OURS = [AbortedError, OutageError, RetryableError, TerminalError];
/** Nobody is there, or nobody who could answer; whatever was asked, the answer is the same. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const LOST = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const TIMED_OUT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
/** What a gateway says in place of a provider, and an overloaded provider of itself. */
const UNAVAILABLE = new Set([502, 503, 504]);
const DEEPEST_CAUSE = 5;

/** An error, what caused it, what caused that, and all that several tries of a connection failed with. */
function* chain(error: unknown): Generator<Error> {
  let each = error;
  for (let depth = 0; each instanceof Error && depth < DEEPEST_CAUSE; depth += 1) {
    yield each;
    if (each instanceof AggregateError) yield* each.errors.filter((inner) => inner instanceof Error);
    each = each.cause;
  }
}

const hasCode = (error: unknown, codes: ReadonlySet<string>): boolean =>
  [...chain(error)].some((each) => 'code' in each && typeof each.code === 'string' && codes.has(each.code));

/** The reasons of an error and of what caused it, e.g. `fetch failed: connect ECONNREFUSED 127.0.0.1:11434`. */
function reasons(error: unknown): string {
  const all = [...chain(error)].map(({ message }) => message).filter((message) => message !== '');
  return all.length === 0 ? String(error) : [...new Set(all)].join(': ');
}

/** Whether the provider as a whole cannot be used now, whoever asks for whatever. */
export const isUnavailable = (error: unknown): boolean =>
  hasCode(error, UNREACHABLE) ||
  [...chain(error)].some((each) => each instanceof HttpRefusal && UNAVAILABLE.has(each.status));

/** Whether a connection broke under a request: the provider may be gone, or only the connection. */
export const isLostConnection = (error: unknown): boolean => hasCode(error, LOST);

/**
 * What went wrong with a call, in the words that decide about retries: the reason of an aborted signal first, an error
 * of ours as it is, and anything else (refused, reset, unreadable) as worth another try.
 */
export function failure(provider: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (OURS.some((kind) => error instanceof kind)) return error;
  const code = hasCode(error, TIMED_OUT) ? 'provider_timeout' : 'provider_error';
  return new RetryableError(code, `${provider}: ${reasons(error)}`, { cause: error, provider });
}

/** An answer that makes no sense: cut off, unreadable, or not what was asked for. */
export const broken = (provider: string, what: string): RetryableError =>
  new RetryableError('provider_error', `${provider} ${what}`, { provider });
