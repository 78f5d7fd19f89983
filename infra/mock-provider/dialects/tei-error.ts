import type { Dialect } from '../refusal.ts';

/** The word that Text Embeddings Inference has for a status. */
function errorType(status: number): string {
  if (status === 429) return 'Overloaded';
  if (status === 413) return 'Validation';
  if (status === 422) return 'Tokenizer';
  if (status === 400) return 'Empty';
  return status === 503 ? 'Unhealthy' : 'Backend';
}

/** TEI: `{"error": "…", "error_type": "…"}`; what is no request at all is refused in plain text before it gets there. */
export const tei: Dialect = {
  name: 'tei',
  error: ({ kind, status, message }) => {
    if (kind === 'no such route') return { contentType: 'text/plain; charset=utf-8', body: '' };
    if (kind === 'bad body')
      return { contentType: 'text/plain; charset=utf-8', body: `Failed to read the JSON body: ${message}` };
    return { contentType: 'application/json', body: JSON.stringify({ error: message, error_type: errorType(status) }) };
  },
  noModel: (model) => `model ${model} is not served here`,
  messages: {
    401: 'Unauthorized',
    413: '`inputs` must have less than 512 tokens',
    424: 'Backend error: inference failed',
    429: 'Model is overloaded',
    503: 'unhealthy',
  },
};
