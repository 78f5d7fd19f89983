import type { Middleware, Next } from 'koa';
import type { Context, Principal, State } from '../context.ts';
import { type Keyring, LOCAL } from '../keyring.ts';
import { Problem } from '../problem.ts';

export type Access = 'public' | 'key' | 'admin';

/** Lets only those pass who may: `key` is anybody with a key, `admin` an admin key. */
export const authenticate =
  (keyring: Keyring, access: Access): Middleware<State> =>
  async (ctx: Context, next: Next) => {
    if (access !== 'public') {
      ctx.state.principal = bearerOf(keyring, ctx.get('Authorization'));
      if (access === 'admin' && !ctx.state.principal.admin) {
        throw new Problem('forbidden', 'this route needs an admin key (name:key:admin in API_KEYS)');
      }
    }
    await next();
  };

const BEARER = /^Bearer +(\S+) *$/i;

/** @throws {Problem} unauthenticated */
export function bearerOf(keyring: Keyring, authorization: string): Principal {
  if (keyring.open) return LOCAL;
  const presented = BEARER.exec(authorization)?.[1];
  if (presented === undefined) throw new Problem('unauthenticated', 'send the header "Authorization: Bearer <key>"');
  const holder = keyring.holderOf(presented);
  if (holder === undefined) throw new Problem('unauthenticated', 'the key is not known here');
  return holder;
}

/** The principal of a request behind `authenticate`. */
export function principalOf(ctx: Context): Principal {
  if (ctx.state.principal === undefined) throw new Error(`${ctx.path} is not behind authenticate`);
  return ctx.state.principal;
}
