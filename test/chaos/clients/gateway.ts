import { ADMIN_KEY, CLIENT_KEY } from '../system/keys.ts';

const REQUEST_TIMEOUT_MS = 15_000;

export interface Reply<Body> {
  readonly status: number;
  readonly body: Body;
}

export interface Problem {
  readonly code?: string;
}

export interface JobReply extends Problem {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly last_seq: number;
}

interface Request {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly admin?: boolean;
  readonly timeoutMs?: number;
}

/** One HTTP request to a gateway. @throws when there was no answer, or none that is whole */
export async function request<Body>(
  base: string,
  method: string,
  path: string,
  { body, headers = {}, admin = false, timeoutMs = REQUEST_TIMEOUT_MS }: Request = {},
): Promise<Reply<Body>> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${admin ? ADMIN_KEY : CLIENT_KEY}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as Body };
}
