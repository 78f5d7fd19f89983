import { RetryableError, TerminalError } from '../bus/errors.ts';
import { retryAfterMs } from './retry-after.ts';

const TOO_MANY_REQUESTS = 429;
const NOT_FOUND = 404;
const NOT_FOR_US = new Set([401, 402, 403]);
/** Of the 4xx, those that speak of the moment and not of the request: timeout, conflict, too early. */
const PASSING = new Set([408, 409, 425]);
const FIRST_SERVER_ERROR = 500;
const MOST_SHOWN = 300;
/** Keys as OpenAI and Hugging Face make them, and whatever follows the word Bearer. */
const KEYS = /\b(?:sk|hf)[-_][\w*-]{4,}|(?<=\bbearer\s+)\S+/gi;

/** The cause of an error that an HTTP status means. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly status: number;
  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

/** Who asks is refused, not what is asked: a missing model, or a wrong key, is the same for every request. */
export const isForAnyRequest = (error: unknown): error is TerminalError =>
  error instanceof TerminalError &&
  (error.code === 'model_not_found' || (error.cause instanceof HttpRefusal && NOT_FOR_US.has(error.cause.status)));

/** What providers put in the way of their reason: `{error}`, `{error: {message}}`, `{message}`, `{detail}`. */
function reasonIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    if (name === 'error' || name === 'message' || name === 'detail') return reasonIn(inner) ?? JSON.stringify(inner);
  }
  return undefined;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // e.g. the HTML page of a proxy
  }
}

/** What a provider says, fit for messages and logs: its reason, on one line, short, without keys. */
export function explanation(body: string, secrets: readonly string[] = []): string {
  const reason = reasonIn(readJson(body)) ?? body.replaceAll(/<[^>]*>/g, ' ');
  const open = secrets.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), reason);
  return open.replaceAll(KEYS, '[redacted]').replaceAll(/\s+/g, ' ').trim().slice(0, MOST_SHOWN);
}

export interface Refused {
  readonly status: number;
  readonly headers?: Headers;
  readonly body: string;
  readonly secrets?: readonly string[];
}

/** The error that an HTTP status other than 2xx means; its class decides whether the job is tried again. */
export function refusal(
  provider: string,
  { status, headers = new Headers(), body, secrets = [] }: Refused,
): TerminalError | RetryableError {
  const message = `${provider} answered ${status}: ${explanation(body, secrets) || 'no reason given'}`;
  const afterMs = retryAfterMs(headers, Date.now());
  const cause = new HttpRefusal(status);
  const again = { provider, cause, ...(afterMs !== undefined && { afterMs }) };
  if (status === TOO_MANY_REQUESTS) return new RetryableError('provider_rate_limited', message, again);
  if (status >= FIRST_SERVER_ERROR || PASSING.has(status)) return new RetryableError('provider_error', message, again);
  return new TerminalError(status === NOT_FOUND ? 'model_not_found' : 'provider_error', message, { provider, cause });
}
