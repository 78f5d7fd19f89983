import type { Middleware, Next } from 'koa';
import type { Logger } from 'pino';
import { StoreUnavailableError } from '../../../shared/store/errors.ts';
import type { Context, State } from '../context.ts';
import { Problem } from '../problem.ts';

/** Turns whatever is thrown below into problem details, and an unanswered request into a 404. */
export const problems =
  (log: Logger): Middleware<State> =>
  async (ctx: Context, next: Next) => {
    try {
      await next();
      refuseUnanswered(ctx);
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code === 'internal') log.error({ err: error, request_id: ctx.state.requestId }, 'a request failed');
      show(ctx, problem);
    }
  };

function refuseUnanswered(ctx: Context): void {
  if (ctx.body != null || ctx.respond === false) return;
  if (ctx.status === 404) throw new Problem('not_found', `there is no ${ctx.method} ${ctx.path}`);
  if (ctx.status === 405 || ctx.status === 501) {
    throw new Problem('method_not_allowed', `${ctx.path} knows the methods ${ctx.response.get('Allow')}`);
  }
}

/** The refusal that an error means to a client; unknown errors tell nothing of their inside. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof StoreUnavailableError) {
    return new Problem('store_unavailable', 'the database cannot be reached now, try again', { cause: error });
  }
  return new Problem('internal', 'the request could not be answered, the log has the reason', { cause: error });
}

function show(ctx: Context, problem: Problem): void {
  if (ctx.res.headersSent) {
    ctx.res.destroy();
    return;
  }
  ctx.status = problem.status;
  ctx.set(problem.headers);
  ctx.body = problem.toJson(ctx.state.requestId);
  ctx.type = 'application/problem+json';
}
