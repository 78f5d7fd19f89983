import { patience } from '../../../shared/patience.ts';

/** Where the gateway is and who asks. */
export interface Gateway {
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly signal: AbortSignal;
}

export const credentials = ({ apiKey }: Gateway): Record<string, string> =>
  apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };

const REQUEST_TIMEOUT_MS = 60_000;

/** The gateway refused a request; the message is its own. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Problem {
  readonly title?: string;
  readonly detail?: string;
}

async function refusal(answer: Response, what: string): Promise<RefusedError> {
  const problem = (await answer.json().catch(() => ({}))) as Problem;
  return new RefusedError(
    answer.status,
    `${what}: ${answer.status} ${problem.detail ?? problem.title ?? answer.statusText}`,
  );
}

/** One request of the public API. @throws RefusedError for any answer that is not 2xx */
export async function call<Answer>(
  gateway: Gateway,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<Answer> {
  const { signal, end } = patience(REQUEST_TIMEOUT_MS, gateway.signal);
  try {
    const answer = await fetch(`${gateway.url}${path}`, {
      method,
      headers: { ...credentials(gateway), ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
    });
    if (!answer.ok) throw await refusal(answer, `${method} ${path}`);
    return (await answer.json()) as Answer;
  } finally {
    end();
  }
}
