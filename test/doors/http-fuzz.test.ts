import { expect } from 'chai';
import fc from 'fast-check';
import type { z } from 'zod';
import type { Endpoint } from '../../services/gateway/endpoint.ts';
import { BOB, START_TIMEOUT_MS } from '../services/gateway/fixture.ts';
import { eventually } from '../support/eventually.ts';
import { fromSchema, nasty } from './from-schema.ts';
import { ANNS_SECRET, type House, house } from './house.ts';
import { FUZZ_RUNS, FUZZ_TIMEOUT_MS, report } from './sizes.ts';

/** One request as it goes out. */
interface Knock {
  readonly method: string;
  readonly path: string;
  readonly type: string;
  readonly body: string | Uint8Array | undefined;
}

/** What a gateway may answer to nonsense: a search that nobody carries out here times out. */
const EXPECTED_FAILURES = new Set(['wait_timeout']);
const BYTES = fc.uint8Array({ maxLength: 200 });
const TYPES = fc.constantFrom('application/json', 'text/plain', 'multipart/form-data; boundary=x', '', 'application/x');

function knocksAt(endpoint: Endpoint, pathTo: (pattern: string) => string): fc.Arbitrary<Knock> {
  const parameter = fc.oneof(nasty, fc.constantFrom('docs', '.', '..', '%00', '%')).map(encoded);
  const path = fc.oneof(
    fc.constant(pathTo(endpoint.path)),
    parameter.map((value) => endpoint.path.replace(/:\w+/g, () => value)),
  );
  // Where none is taken, a query would keep nearly all that is sent from being looked at.
  const query = fc.oneof(
    { arbitrary: fc.constant(''), weight: endpoint.query === undefined ? 9 : 1 },
    { arbitrary: queryOf(endpoint.query), weight: 1 },
  );
  const body =
    endpoint.method === 'post'
      ? fc.oneof(
          { arbitrary: fromBody(endpoint.body), weight: 8 },
          { arbitrary: fc.tuple(TYPES, fc.oneof(BYTES, nasty)), weight: 2 },
        )
      : fc.constant(['', undefined] as const);
  return fc.record({ path, query, body }).map(({ path: where, query: asked, body: [type, content] }) => ({
    method: endpoint.method.toUpperCase(),
    path: where + asked,
    type,
    body: content,
  }));
}

const fromBody = (schema: z.ZodType | undefined): fc.Arbitrary<[string, string]> =>
  (schema === undefined ? fc.constant({}) : fromSchema(schema)).map((value) => [
    'application/json',
    JSON.stringify(value) ?? '',
  ]);

const queryOf = (schema: z.ZodType | undefined): fc.Arbitrary<string> =>
  (schema === undefined ? fc.dictionary(nasty, nasty, { maxKeys: 2 }) : fromSchema(schema)).map((value) => {
    const entries = Object.entries((value ?? {}) as Record<string, unknown>);
    return `?${entries.map(([name, each]) => `${encoded(name)}=${encoded(String(each))}`).join('&')}`;
  });

/** Lone surrogates have no encoding; other clients send other rubbish in their place. */
const encoded = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));

/** Long polls are real, and long. */
const patient = (path: string): string => path.replace(/wait=\d+/g, 'wait=0');

describe('doors: HTTP with whatever comes', function () {
  this.timeout(FUZZ_TIMEOUT_MS);
  let home: House;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    home = await house();
  });
  after(() => home?.stop());

  it('every route answers, never with a fault of its own, never with what is not the caller’s, and loses no job', async () => {
    const counts: Record<string, number> = {};
    const accepted: string[] = [];
    const knock = fc.oneof(...home.endpoints.map((endpoint) => knocksAt(endpoint, home.pathTo)));
    const property = fc.asyncProperty(knock, async ({ method, path, type, body }) => {
      const answer = await fetch(home.url + patient(path), {
        method,
        headers: { authorization: `Bearer ${BOB}`, ...(type === '' ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']> }),
        redirect: 'manual',
        signal: AbortSignal.timeout(20_000),
      });
      const text = await answer.text();
      counts[answer.status] = (counts[answer.status] ?? 0) + 1;
      expect(text).not.to.contain(ANNS_SECRET);
      if (answer.status >= 400) {
        expect(answer.headers.get('content-type')).to.contain('application/problem+json');
        const problem = JSON.parse(text);
        expect(problem).to.include.keys('type', 'title', 'status', 'detail', 'code', 'request_id');
        if (answer.status >= 500) expect(problem.code).to.satisfy((code: string) => EXPECTED_FAILURES.has(code));
      }
      if (answer.status === 202 && answer.headers.has('location')) accepted.push(JSON.parse(text).id);
    });
    await fc.assert(property, { numRuns: FUZZ_RUNS, ignoreEqualValues: false });
    const heard = new Set<string>();
    await eventually(
      () => {
        for (const { job } of home.stage.records) heard.add(job);
        return accepted.every((job) => heard.has(job));
      },
      { within: 20_000, what: 'every accepted job in its journal' },
    );
    expect((await fetch(`${home.url}/livez`)).status).to.equal(200);
    expect(Object.keys(counts), 'kinds of answers').to.include.members(['200', '404', '422']);
    report('HTTP', { ...counts, 'accepted and heard': accepted.length });
  });
});
