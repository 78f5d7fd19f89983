import type { Middleware, Next } from 'koa';
import type { Context, State } from '../context.ts';
import type { Keyring } from '../keyring.ts';
import { refuseForeignPages } from '../same-site.ts';

/** With keys a page needs one; without keys, being a page of this machine has to do. */
export const sameSite =
  (keyring: Keyring): Middleware<State> =>
  async (ctx: Context, next: Next) => {
    if (keyring.open) refuseForeignPages(ctx.headers);
    await next();
  };
