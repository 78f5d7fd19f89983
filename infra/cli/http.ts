import { setTimeout as sleep } from 'node:timers/promises';
import { patience } from '../../shared/patience.ts';
import { type Problem, RefusedError, retryAfterMs, UnreachableError } from './errors.ts';

const TIMEOUT_MS = 60_000;
/** How often a request is tried that the gateway, by 429 or 503, has certainly not carried out. */
const MAX_TRIES = 6;
const FALLBACK_WAIT_MS = 1_000;

/** Where the gateway is and who asks. */
export interface Access {
  /** Without a slash at its end. */
  readonly url: string;
  readonly key: string | undefined;
  /** Ends everything that is under way. */
  readonly signal: AbortSignal;
}

export interface Request {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** Makes repeats of the request, should an answer be lost, one and the same. */
  readonly idempotencyKey?: string;
  readonly timeoutMs?: number;
}

export const credentials = ({ key }: Access): Record<string, string> =>
  key === undefined ? {} : { authorization: `Bearer ${key}` };

/**
 * One request of the public API; what the gateway puts off is tried again after the time it names.
 * @returns the JSON of the answer, undefined when it has none
 * @throws {RefusedError} for every answer that is not 2xx
 * @throws {UnreachableError} when there is no answer
 */
export async function call<Answer>(access: Access, request: Request): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    try {
      return (await once(access, request)) as Answer;
    } catch (error) {
      if (!(error instanceof RefusedError) || !isPutOff(error) || tries === MAX_TRIES) throw error;
      await sleep(error.retryAfterMs ?? FALLBACK_WAIT_MS, undefined, { signal: access.signal });
    }
  }
}

const isPutOff = ({ status }: RefusedError): boolean => status === 429 || status === 503;

async function once(access: Access, request: Request): Promise<unknown> {
  const { signal, end } = patience(request.timeoutMs ?? TIMEOUT_MS, access.signal);
  try {
    return await answered(access, request, signal);
  } finally {
    end();
  }
}

async function answered(access: Access, request: Request, signal: AbortSignal): Promise<unknown> {
  const answer = await send(access, request, signal);
  const text = await answer.text().catch(() => '');
  const json = jsonOf(text);
  if (!answer.ok)
    throw new RefusedError(answer.status, json as Problem | undefined, retryAfterMs(answer.headers.get('retry-after')));
  if (text !== '' && json === undefined)
    throw new UnreachableError(`what answers at ${access.url} is no Warren gateway`);
  return json;
}

async function send(access: Access, request: Request, signal: AbortSignal) {
  const { method = 'GET', path, query = {}, body, idempotencyKey, timeoutMs = TIMEOUT_MS } = request;
  const url = new URL(access.url + path);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  try {
    return await fetch(url, {
      method,
      headers: {
        accept: 'application/json',
        ...credentials(access),
        ...(body !== undefined && JSON_TYPE),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
    });
  } catch (error) {
    access.signal.throwIfAborted();
    if (signal.aborted)
      throw new UnreachableError(`the gateway at ${access.url} did not answer within ${timeoutMs / 1000} s`);
    throw new UnreachableError(`cannot connect to ${access.url}: ${reasonOf(error)}`, { cause: error });
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** `fetch` says little itself; its cause names what happened. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error && cause.message !== '' ? cause.message : String(cause);
}
