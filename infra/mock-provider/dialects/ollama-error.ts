import type { Dialect } from '../refusal.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Ollama: `{"error": "…"}`; an unknown route is the bare text of its router. */
export const ollama: Dialect = {
  name: 'ollama',
  error: ({ kind, message, status }) =>
    kind === 'no such route'
      ? { contentType: 'text/plain', body: status === 405 ? '405 method not allowed' : '404 page not found' }
      : { contentType: JSON_TYPE, body: JSON.stringify({ error: message }) },
  noModel: (model) => `model '${model}' not found`,
  messages: {
    400: 'invalid request',
    401: 'unauthorized',
    404: 'model not found',
    429: 'too many requests',
    503: 'server busy, please try again.  maximum pending requests exceeded',
  },
};
