import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { asyncApi } from '../api/async-api.ts';
import { openApi } from '../api/open-api.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import { Problem } from '../problem.ts';

/** What the page needs of Swagger UI; everything comes from here, nothing from another host. */
const FILES: ReadonlyMap<string, string> = new Map([
  ['swagger-ui.css', 'text/css'],
  ['swagger-ui-bundle.js', 'text/javascript'],
  ['favicon-32x32.png', 'image/png'],
]);

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Warren API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <main id="api"></main>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#api',
  deepLinking: true,
  persistAuthorization: true,
  validatorUrl: null,
});
`;

const common = { method: 'get', access: 'public', tag: 'Documents about the API' } as const;
const CACHE_S = 3600;

/** The API describes itself; `described` are all endpoints it has. */
export function docsRoutes(described: () => readonly Endpoint[]): Endpoint[] {
  const http = madeOnce(() => openApi(described()));
  const socket = madeOnce(asyncApi);
  return [
    endpoint({
      ...common,
      path: '/openapi.json',
      summary: 'This description (OpenAPI 3.1)',
      answers: { 200: { description: 'OpenAPI 3.1.', mediaType: 'application/json' } },
      handle: (ctx) => {
        ctx.body = http();
      },
    }),
    endpoint({
      ...common,
      path: '/asyncapi.json',
      summary: 'The WebSocket, described (AsyncAPI 3.0)',
      answers: { 200: { description: 'AsyncAPI 3.0.', mediaType: 'application/json' } },
      handle: (ctx) => {
        ctx.body = socket();
      },
    }),
    endpoint({
      ...common,
      path: '/docs',
      summary: 'This description, for people',
      answers: { 200: { description: 'A page.', mediaType: 'text/html' } },
      handle: (ctx) => {
        ctx.type = 'text/html';
        ctx.body = PAGE;
      },
    }),
  ];
}

function madeOnce<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Parts of the page; no part of the API. */
export const docsFiles: readonly Endpoint[] = [
  endpoint({
    ...common,
    path: '/docs/start.js',
    summary: 'Starts the page',
    answers: { 200: { description: 'A script.', mediaType: 'text/javascript' } },
    handle: (ctx) => {
      ctx.type = 'text/javascript';
      ctx.body = START;
    },
  }),
  endpoint({
    ...common,
    path: '/docs/:file',
    summary: 'A file of the page',
    answers: { 200: { description: 'A file.', mediaType: 'text/css' } },
    handle: async (ctx) => {
      const name = ctx.path.slice('/docs/'.length);
      const type = FILES.get(name);
      if (type === undefined) throw new Problem('not_found', `there is no ${ctx.path}`);
      ctx.type = type;
      ctx.set('Cache-Control', `public, max-age=${CACHE_S}`);
      ctx.body = await readFile(join(swaggerFolder(), name));
    },
  }),
];

const swaggerFolder = (): string => dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
