import type { Dialect, Refusal } from '../refusal.ts';

function typeOf(status: number): string {
  if (status === 429) return 'requests';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

function codeOf({ kind, status }: Refusal): string | null {
  if (kind === 'model not found') return 'model_not_found';
  if (status === 401) return 'invalid_api_key';
  return status === 429 ? 'rate_limit_exceeded' : null;
}

/** The object under `error`, as a body and as a line of a stream. */
export const errorObject = (refusal: Refusal) => ({
  message: refusal.message,
  type: typeOf(refusal.status),
  param: null,
  code: codeOf(refusal),
});

/** OpenAI: `{"error": {message, type, param, code}}`. */
export const openai: Dialect = {
  name: 'openai',
  error: (refusal) => ({ contentType: 'application/json', body: JSON.stringify({ error: errorObject(refusal) }) }),
  noModel: (model) => `The model \`${model}\` does not exist or you do not have access to it.`,
  messages: {
    400: 'The request could not be understood.',
    401: 'Incorrect API key provided.',
    404: 'The model does not exist or you do not have access to it.',
    413: 'Request too large.',
    429: 'Rate limit reached for requests.',
    500: 'The server had an error while processing your request.',
    503: 'The engine is currently overloaded, please try again later.',
  },
};
