import type { z } from 'zod';
import type { Context } from './context.ts';
import type { Access } from './middleware/authenticate.ts';
import type { ProblemCode } from './problem.ts';

type Schema = z.ZodType | undefined;
type Output<S extends Schema> = S extends z.ZodType ? z.output<S> : undefined;

/** One answer an endpoint gives: a named schema for JSON, a media type for anything else, neither for no body. */
export interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly mediaType?: string;
  readonly headers?: readonly string[];
}

interface About {
  readonly method: 'get' | 'post' | 'delete';
  /** With `:name` for parameters. */
  readonly path: string;
  readonly access: Access;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Request headers worth knowing. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Refusals of its own, beside those every endpoint may give. */
  readonly problems?: readonly ProblemCode[];
}

interface Schemas<Params extends Schema, Query extends Schema, Body extends Schema> {
  readonly params?: Params;
  /** Without one, a route that needs a key takes no query. */
  readonly query?: Query;
  /** JSON body, checked before `handle`. */
  readonly body?: Body;
  /** The body may be left out, which is the same as `{}`. */
  readonly bodyOptional?: boolean;
  /** The endpoint reads its body itself (multipart beside JSON); `body` is then only documented. */
  readonly readsBody?: boolean;
}

/** What a handler gets: everything validated. */
export interface Request<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

/** A route as data: the router, the validation and the API document are all made from it. */
export interface Endpoint extends About, Schemas<Schema, Schema, Schema> {
  handle(ctx: Context, request: Request<unknown, unknown, unknown>): Promise<void> | void;
}

/** Declares an endpoint; the handler's types follow from its schemas. */
export function endpoint<Params extends Schema, Query extends Schema, Body extends Schema>(
  about: About &
    Schemas<Params, Query, Body> & {
      handle(ctx: Context, request: Request<Output<Params>, Output<Query>, Output<Body>>): Promise<void> | void;
    },
): Endpoint {
  return about as Endpoint;
}
