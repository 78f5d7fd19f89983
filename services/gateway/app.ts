import Router from '@koa/router';
import Koa from 'koa';
import helmet from 'koa-helmet';
import type { State } from './context.ts';
import type { Gateway } from './gateway.ts';
import { accessLog } from './middleware/access-log.ts';
import { problems } from './middleware/problems.ts';
import { requestId } from './middleware/request-id.ts';
import { sameSite } from './middleware/same-site.ts';
import { wellFormed } from './middleware/well-formed.ts';
import { mount } from './mount.ts';
import { routesOf } from './routes/routes.ts';

/** The HTTP side of the gateway: what happens to a request, in this order. */
export function createApp(gateway: Gateway): Koa<State> {
  const app = new Koa<State>();
  app.on('error', (error: unknown) => gateway.log.debug({ err: error }, 'an answer was cut short'));
  app.use(requestId);
  app.use(accessLog(gateway.log, gateway.afterResponse));
  app.use(securityHeaders());
  app.use(problems(gateway.log));
  app.use(wellFormed);
  app.use(sameSite(gateway.keyring));
  const router = routerOf(gateway);
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
}

function routerOf(gateway: Gateway): Router<State> {
  const router = new Router<State>();
  const mounting = { keyring: gateway.keyring, jsonBytes: gateway.limits.jsonBytes };
  for (const endpoint of routesOf(gateway)) mount(router, endpoint, mounting);
  return router;
}

/** Scripts and styles come from here alone (Swagger UI sets styles inline). Plain http on loopback must keep working. */
const securityHeaders = () =>
  helmet({
    contentSecurityPolicy: {
      directives: { 'default-src': ["'self'"], 'img-src': ["'self'", 'data:'], 'upgrade-insecure-requests': null },
    },
    strictTransportSecurity: false,
  });
