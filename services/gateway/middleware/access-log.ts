import type { Middleware, Next } from 'koa';
import type { Logger } from 'pino';
import { metrics } from '../../../shared/metrics/metrics.ts';
import type { AfterResponse } from '../after-response.ts';
import type { Context, State } from '../context.ts';

/** Asked every few seconds by machines. */
const QUIET: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

/** One line and one measurement for each request, written after its answer has left. Queries are not logged: they may hold keys. */
export const accessLog =
  (log: Logger, afterResponse: AfterResponse, lines = withoutRedaction(log)): Middleware<State> =>
  async (ctx: Context, next: Next) => {
    const begun = performance.now();
    ctx.res.once('close', () => {
      const line = lineOf(ctx, performance.now() - begun);
      metrics.httpSeconds.observe({ method: line.method, route: line.route, status: line.status }, line.ms / 1000);
      afterResponse.add(() => lines[QUIET.has(line.route) ? 'debug' : 'info'](line, 'request'));
    });
    await next();
  };

/** No field of such a line can hold a secret, and looking for one costs as much as writing it. */
const withoutRedaction = (log: Logger): Logger => log.child({}, { redact: [] });

const lineOf = (ctx: Context, ms: number) => ({
  request_id: ctx.state.requestId,
  method: ctx.method,
  path: ctx.path,
  route: ctx.state.route ?? 'none',
  status: ctx.res.statusCode,
  owner: ctx.state.principal?.owner,
  ms: Math.round(ms * 10) / 10,
  /** The client went away before the answer was whole. */
  aborted: ctx.res.writableFinished ? undefined : true,
});
