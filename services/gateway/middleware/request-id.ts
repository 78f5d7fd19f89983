import { randomUUID } from 'node:crypto';
import type { Next } from 'koa';
import type { Context } from '../context.ts';

const SAFE_ID = /^[\w.:-]{1,128}$/;

/** Names the request: by the caller's X-Request-Id when it has one, and tells the name in the answer. */
export async function requestId(ctx: Context, next: Next): Promise<void> {
  const given = ctx.get('X-Request-Id');
  ctx.state.requestId = SAFE_ID.test(given) ? given : randomUUID();
  ctx.set('X-Request-Id', ctx.state.requestId);
  await next();
}
