import { RetryableError, TerminalError } from '../../../../shared/bus/errors.ts';
import { retryAfterMs } from './retry-after.ts';

const TOO_MANY_REQUESTS = 429;
const NOT_FOUND = 404;
/** Of the 4xx, those that speak of the moment and not of the request: timeout, conflict, too early. */
const PASSING = new Set([408, 409, 425]);
const FIRST_SERVER_ERROR = 500;
const MOST_SHOWN = 500;

/** What the provider says about it: the `error` of a JSON body, else the text, shortened. */
function explanation(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'error' in parsed)
      return String(parsed.error).slice(0, MOST_SHOWN);
  } catch {
    // Not JSON, e.g. the HTML page of a proxy.
  }
  return body.replaceAll(/\s+/g, ' ').trim().slice(0, MOST_SHOWN);
}

/** The error that an HTTP status other than 2xx means; its class decides whether the job is tried again. */
export function refusal(
  provider: string,
  status: number,
  headers: Headers,
  body: string,
): TerminalError | RetryableError {
  const message = `${provider} answered ${status}: ${explanation(body) || 'no reason given'}`;
  const afterMs = retryAfterMs(headers, Date.now());
  const more = { provider, ...(afterMs !== undefined && { afterMs }) };
  if (status === TOO_MANY_REQUESTS) return new RetryableError('provider_rate_limited', message, more);
  if (status >= FIRST_SERVER_ERROR || PASSING.has(status)) return new RetryableError('provider_error', message, more);
  if (status === NOT_FOUND) return new TerminalError('model_not_found', message, { provider });
  return new TerminalError('provider_error', message, { provider });
}
