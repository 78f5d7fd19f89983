import type { ServerResponse } from 'node:http';

/** Aborted when the client of this answer has gone away (or has it whole). */
export function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.once('close', () => gone.abort());
  return gone.signal;
}
