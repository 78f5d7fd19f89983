import type { Next } from 'koa';
import type { Context } from '../context.ts';
import { Problem } from '../problem.ts';

/** As Node tells an expectation that it meets by itself. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

/** Refuses what HTTP/1.1 forbids of a request. Node would as well, but without problem details. */
export async function wellFormed(ctx: Context, next: Next): Promise<void> {
  const { headers, httpVersion } = ctx.req;
  if (httpVersion === '1.1' && headers.host === undefined) {
    throw new Problem('malformed_request', 'there is no Host header');
  }
  if (headers.expect !== undefined && !CONTINUE.test(headers.expect)) {
    throw new Problem('expectation_failed', 'nothing but "Expect: 100-continue" can be expected here');
  }
  await next();
}
