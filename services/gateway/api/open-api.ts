import { z } from 'zod';
import type { Answer, Endpoint } from '../endpoint.ts';
import { PROBLEMS, type ProblemCode } from '../problem.ts';
import { VERSION } from '../version.ts';
import { nameOf } from './named.ts';
import { ProblemView } from './problem.ts';
import { namedSchemas } from './schemas.ts';

type Json = Record<string, unknown>;

const PREFIX = '#/components/schemas/';

/** The OpenAPI 3.1 description of these endpoints, from the very schemas that check their requests. */
export const openApi = (endpoints: readonly Endpoint[]): Json => ({
  openapi: '3.1.1',
  jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
  info: {
    title: 'Warren',
    version: VERSION,
    summary: 'Durable AI jobs and retrieval-augmented answers on RabbitMQ',
    description:
      'A wish becomes a job: accepted with 202 it will end, whatever process dies meanwhile. Follow it over the WebSocket ' +
      '(`/v1/ws`, see `/asyncapi.json`), as server-sent events, or by reading it. Every error is problem details (RFC 9457).',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  security: [{ key: [] }],
  tags: [...new Set(endpoints.map(({ tag }) => tag))].map((name) => ({ name })),
  paths: pathsOf(endpoints),
  components: {
    securitySchemes: {
      key: { type: 'http', scheme: 'bearer', description: 'A key of API_KEYS; none is needed where none is set.' },
    },
    schemas: namedSchemas(PREFIX),
  },
});

function pathsOf(endpoints: readonly Endpoint[]): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method]: operationOf(endpoint) };
  }
  return paths;
}

function operationOf(endpoint: Endpoint): Json {
  const { method, path, tag, summary, description, access } = endpoint;
  const body = bodyOf(endpoint);
  return {
    operationId: operationId(method, path),
    tags: [tag],
    summary: access === 'admin' ? `${summary} (admin)` : summary,
    ...(description === undefined ? {} : { description }),
    ...(access === 'public' ? { security: [] } : {}),
    parameters: [
      ...parametersOf('path', endpoint.params),
      ...parametersOf('query', endpoint.query),
      ...headersOf(endpoint),
    ],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...answersOf(endpoint.answers), ...problemsOf(endpoint) },
  };
}

const operationId = (method: string, path: string): string =>
  [method, ...path.split('/').filter((part) => part !== '' && part !== 'v1')]
    .map((part) => part.replaceAll(/[^A-Za-z]/g, ''))
    .map((part, index) => (index === 0 ? part : part.charAt(0).toUpperCase() + part.slice(1)))
    .join('');

function parametersOf(place: 'path' | 'query', schema: z.ZodType | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

const headersOf = ({ headers = {} }: Endpoint): Json[] =>
  Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }));

const FILES = {
  'multipart/form-data': {
    schema: {
      type: 'object',
      properties: {
        file: { type: 'array', items: { type: 'string', contentMediaType: 'application/octet-stream' } },
        metadata: { type: 'string', description: 'JSON object; goes to every document.' },
      },
    },
  },
};

function bodyOf({ body, bodyOptional = false, readsBody = false }: Endpoint): Json | undefined {
  if (body === undefined) return undefined;
  const content = { 'application/json': { schema: refTo(body) }, ...(readsBody ? FILES : {}) };
  return { required: !bodyOptional, content };
}

/** @throws when a schema has no name: everything a client sends or gets is named */
function refTo(schema: z.ZodType): Json {
  const name = nameOf(schema);
  if (name === undefined) throw new Error('a schema of the API has no name');
  return { $ref: PREFIX + name };
}

const answersOf = (answers: Readonly<Record<number, Answer>>): Json =>
  Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)]));

function answerOf({ description, schema, mediaType, headers = [] }: Answer): Json {
  const content = {
    ...(schema === undefined ? {} : { 'application/json': { schema: refTo(schema) } }),
    ...(mediaType === undefined ? {} : { [mediaType]: {} }),
  };
  return {
    description,
    ...(headers.length === 0
      ? {}
      : { headers: Object.fromEntries(headers.map((name) => [name, { schema: { type: 'string' } }])) }),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

/** What may be refused: the endpoint's own and what everybody's request may meet. */
function problemsOf({ access, problems = [], params, query, body }: Endpoint): Json {
  const codes: ProblemCode[] = [...problems];
  if (access !== 'public') codes.push('unauthenticated');
  if (access === 'admin') codes.push('forbidden');
  if (access !== 'public' || (params ?? query ?? body)) codes.push('validation_failed');
  if (body) codes.push('malformed_json', 'payload_too_large', 'unsupported_media_type');
  const byStatus = new Map<number, Set<ProblemCode>>();
  for (const code of codes) {
    const [status] = PROBLEMS[code];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  }
  const content = { 'application/problem+json': { schema: refTo(ProblemView) } };
  return Object.fromEntries(
    [...byStatus].map(([status, these]) => [
      status,
      { description: [...these].map((code) => `\`${code}\``).join(', '), content },
    ]),
  );
}
