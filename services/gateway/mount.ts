import type Router from '@koa/router';
import { z } from 'zod';
import type { Context, State } from './context.ts';
import type { Endpoint, Request } from './endpoint.ts';
import type { Keyring } from './keyring.ts';
import { authenticate } from './middleware/authenticate.ts';
import { readJson } from './middleware/body.ts';
import { validate } from './middleware/validate.ts';

const NO_QUERY = z.strictObject({});

interface Mounting {
  readonly keyring: Keyring;
  /** Largest JSON body. */
  readonly jsonBytes: number;
}

/** Gives an endpoint its place: who may, then what was sent, then the answer. */
export function mount(router: Router<State>, endpoint: Endpoint, { keyring, jsonBytes }: Mounting): void {
  router[endpoint.method](endpoint.path, authenticate(keyring, endpoint.access), async (ctx) => {
    ctx.state.route = endpoint.path;
    await endpoint.handle(ctx, await receive(ctx, ctx.params, endpoint, jsonBytes));
  });
}

async function receive(
  ctx: Context,
  params: unknown,
  endpoint: Endpoint,
  jsonBytes: number,
): Promise<Request<unknown, unknown, unknown>> {
  return {
    params: endpoint.params && validate(endpoint.params, params),
    query: receiveQuery(ctx, endpoint),
    body: endpoint.body && !endpoint.readsBody ? await receiveBody(ctx, endpoint, jsonBytes) : undefined,
  };
}

/**
 * A field that nobody reads is refused, lest its sender believe in it; but not on public routes, to which probes and
 * browsers add fields of their own.
 */
function receiveQuery(ctx: Context, { query, access }: Endpoint): unknown {
  const schema = query ?? (access === 'public' ? undefined : NO_QUERY);
  return schema && validate(schema, { ...ctx.query });
}

async function receiveBody(ctx: Context, { body, bodyOptional }: Endpoint, jsonBytes: number): Promise<unknown> {
  const sent = await readJson(ctx, jsonBytes);
  return body && validate(body, sent === undefined && bodyOptional ? {} : sent);
}
