import { expect } from 'chai';
import type { z } from 'zod';
import { suiteFixture } from './suite-fixture.ts';

describe('gateway: the API describes itself', () => {
  const { nobody } = suiteFixture();

  it('in OpenAPI 3.1: every route, every reference resolved, every example valid', async () => {
    const { status, body } = await nobody.get('/openapi.json');
    expect(status).to.equal(200);
    expect(body.openapi).to.match(/^3\.1/);
    expect(Object.keys(body.paths)).to.include.members([
      '/v1/jobs',
      '/v1/jobs/{id}',
      '/v1/jobs/{id}/events',
      '/v1/collections/{name}/documents/{id}',
      '/v1/search',
      '/v1/ask',
      '/v1/dead-letters/replay',
      '/readyz',
    ]);
    for (const path of Object.keys(body.paths)) expect(path).not.to.contain(':');
    expectResolved(body);
    const operations = Object.values(body.paths).flatMap((path) =>
      Object.values(path as Record<string, { operationId: string }>),
    );
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size, 'operation ids are unique').to.equal(ids.length);
  });

  it('in AsyncAPI 3.0: every frame', async () => {
    const { body } = await nobody.get('/asyncapi.json');
    expect(body.asyncapi).to.equal('3.0.0');
    expect(Object.keys(body.components.messages)).to.include.members([
      'SubmitFrame',
      'SubscribeFrame',
      'EventFrame',
      'HelloFrame',
      'GoingAwayFrame',
    ]);
    expectResolved(body);
  });

  it('with examples that fit their own schemas', async () => {
    const { z } = await import('zod');
    const schemas = Object.keys(z.toJSONSchema(z.globalRegistry).schemas);
    let checked = 0;
    for (const [schema, { id, examples = [] }] of registered(z.globalRegistry)) {
      expect(schemas).to.include(id);
      for (const example of examples) {
        const { error } = schema.safeParse(example);
        expect(error?.issues, `${id}: ${JSON.stringify(example)}`).to.equal(undefined);
        checked += 1;
      }
    }
    expect(checked).to.be.above(30);
  });

  it('on a page for people that loads nothing from elsewhere', async () => {
    const page = await nobody.get('/docs');
    expect(page.status).to.equal(200);
    expect(page.headers.get('content-type')).to.contain('text/html');
    const links = [...(page.body as string).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
    expect(links.length).to.be.above(2);
    for (const link of links) {
      expect(link).to.match(/^\/docs\//);
      expect((await nobody.get(link)).status, link).to.equal(200);
    }
    expect(page.body).not.to.match(/<script>|onload=/);
    for (const none of ['package.json', '__proto__', 'constructor'])
      expect((await nobody.get(`/docs/${none}`)).status, none).to.equal(404);
  });
});

/** Every `$ref` must lead somewhere. */
function expectResolved(document: Record<string, unknown>): void {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? '');
  expect(refs.length).to.be.above(20);
  for (const ref of new Set(refs)) {
    let at: unknown = document;
    for (const step of ref.replace('#/', '').split('/')) at = (at as Record<string, unknown> | undefined)?.[step];
    expect(at, ref).to.be.an('object');
  }
}

type Registered = [schema: z.ZodType, meta: { id: string; examples?: unknown[] }];
const registered = (registry: z.core.$ZodRegistry<{ id?: string | undefined }>): Registered[] =>
  [...(registry as unknown as { _idmap: Map<string, z.ZodType> })._idmap.values()].map((schema) => [
    schema,
    registry.get(schema) as Registered[1],
  ]);
