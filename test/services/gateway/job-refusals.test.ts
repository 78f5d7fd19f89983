import { expect } from 'chai';
import { newId } from '../../../shared/ids.ts';
import { client, EMBED } from './fixture.ts';
import { suiteFixture } from './suite-fixture.ts';

describe('gateway: jobs', () => {
  const fixture = suiteFixture();
  const { ann, bob, root } = fixture;

  describe('are refused', () => {
    const cases: [what: string, path: string, body: unknown, status: number, code: string, pointer?: string][] = [
      ['malformed JSON', '/v1/jobs', '{"type":', 400, 'malformed_json'],
      ['bytes that are no text', '/v1/jobs', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 400, 'malformed_json'],
      ['no body', '/v1/jobs', undefined, 422, 'validation_failed', ''],
      ['an array', '/v1/jobs', [], 422, 'validation_failed', ''],
      ['a wrong type', '/v1/jobs', { type: 'embed', input: { texts: 'x' } }, 422, 'validation_failed', '/input/texts'],
      ['an unknown field', '/v1/jobs', { ...EMBED, colour: 1 }, 422, 'validation_failed', '/colour'],
      [
        'an unknown field of the input',
        '/v1/jobs',
        { type: 'embed', input: { texts: ['x'], 'a/b': 1 } },
        422,
        'validation_failed',
        '/input/a~1b',
      ],
      ['a missing input', '/v1/jobs', { type: 'embed' }, 422, 'validation_failed', '/input'],
      ['an unknown type of job', '/v1/jobs', { type: 'dance', input: {} }, 422, 'validation_failed', '/type'],
      [
        'both prompt and messages',
        '/v1/generate',
        { prompt: 'p', messages: [{ role: 'user', content: 'c' }] },
        422,
        'validation_failed',
        '/prompt',
      ],
      ['a run_at that is no time', '/v1/jobs', { ...EMBED, run_at: 'tomorrow' }, 422, 'validation_failed', '/run_at'],
      [
        'too deep a nesting',
        '/v1/jobs',
        `{"type":"embed","input":{"texts":["x"]},"metadata":{"a":${'['.repeat(5000)}${']'.repeat(5000)}}}`,
        422,
        'validation_failed',
      ],
      ['too large a body', '/v1/embed', { texts: ['x'.repeat(1024 * 1024)] }, 413, 'payload_too_large'],
    ];
    for (const [what, path, body, status, code, pointer] of cases) {
      it(`for ${what}: ${status} ${code}`, async () => {
        const answer = await ann.post(path, body, { 'content-type': 'application/json' });
        expect([answer.status, answer.body.code], JSON.stringify(answer.body)).to.deep.equal([status, code]);
        expect(answer.headers.get('content-type')).to.contain('application/problem+json');
        expect(answer.body).to.include.keys('type', 'title', 'status', 'detail', 'request_id');
        if (pointer !== undefined) expect(answer.body.errors[0].pointer).to.equal(pointer);
      });
    }

    it('for an input that no message of the job could carry: 413', async () => {
      const texts = Array.from({ length: 7 }, () => 'x'.repeat(149_000));
      const answer = await ann.post('/v1/jobs', { type: 'embed', input: { texts } });
      expect([answer.status, answer.body.code]).to.deep.equal([413, 'payload_too_large']);
      expect(answer.body.detail).to.match(/^job.submitted would have \d+ bytes as a message, more than 1032192/);
    });

    const inputs: [path: string, input: Record<string, unknown>, field: string][] = [
      ['/v1/embed', { texts: ['x'] }, 'model'],
      ['/v1/generate', { prompt: 'p' }, 'model'],
      ['/v1/ask', { collection: 'c', question: 'q' }, 'model'],
      ['/v1/collections', { name: 'c' }, 'embedding_model'],
    ];
    for (const [path, input, field] of inputs) {
      it(`for an empty ${field}, by ${path}: 422`, async () => {
        const { status, body } = await ann.post(path, { ...input, [field]: '' });
        expect([status, body.errors?.[0].pointer]).to.deep.equal([422, `/${field}`]);
        expect(body.detail).to.contain('must name a model');
      });
    }

    it('for too large a body without a length: 413', async () => {
      const body = new ReadableStream({
        start(stream) {
          for (let n = 0; n < 20; n += 1) stream.enqueue(new Uint8Array(100_000).fill(0x20));
          stream.close();
        },
      });
      const init = {
        method: 'POST',
        body,
        duplex: 'half',
        headers: { authorization: 'Bearer ann-key-000001', 'content-type': 'application/json' },
      };
      const answer = await fetch(`${fixture.url}/v1/jobs`, init as RequestInit);
      expect(answer.status).to.equal(413);
    });

    it('for another content type: 415', async () => {
      const { status, body } = await ann.post('/v1/jobs', 'type=embed', {
        'content-type': 'application/x-www-form-urlencoded',
      });
      expect([status, body.code]).to.deep.equal([415, 'unsupported_media_type']);
      expect(body.detail).to.equal('"application/x-www-form-urlencoded" is not understood: send application/json');
      const untyped = await ann.post('/v1/jobs', new TextEncoder().encode(JSON.stringify(EMBED)));
      expect([untyped.status, untyped.body.detail]).to.deep.equal([
        415,
        'there is no Content-Type: send application/json',
      ]);
      const zipped = await ann.post('/v1/jobs', EMBED, { 'content-encoding': 'gzip' });
      expect(zipped.status).to.equal(415);
    });

    it('for an unknown job, a foreign job, and what is no id: 404', async () => {
      const { body: foreign } = await bob.post('/v1/jobs', EMBED);
      await fixture.stage.job(foreign.id);
      const old = 'job_01890a5d-ac96-774b-bcce-b302099a8057';
      for (const id of [newId('job'), old, foreign.id, 'job_1', '%00', '%ff', 'x'.repeat(500)]) {
        for (const path of ['', '/events']) {
          const { status, body } = await ann.get(`/v1/jobs/${id}${path}`);
          expect([status, body.code], id).to.deep.equal([404, 'job_not_found']);
        }
        expect((await ann.post(`/v1/jobs/${id}/cancel`)).status, id).to.equal(404);
      }
    });

    it('for an unknown route: 404, for a wrong method: 405 with the right ones', async () => {
      const lost = await ann.get('/v1/nothing');
      expect([lost.status, lost.body.code]).to.deep.equal([404, 'not_found']);
      const wrong = await ann.delete('/v1/jobs');
      expect([wrong.status, wrong.body.code]).to.deep.equal([405, 'method_not_allowed']);
      expect(wrong.headers.get('allow')).to.contain('POST');
    });

    it('for a query that makes no sense: 422', async () => {
      for (const query of ['limit=0', 'limit=x', 'status=odd', 'colour=1', 'tag=a&tag=b']) {
        expect((await ann.get(`/v1/jobs?${query}`)).status, query).to.equal(422);
      }
      const { body } = await ann.post('/v1/jobs', EMBED);
      expect((await ann.get(`/v1/jobs/${body.id}?wait=61`)).status).to.equal(422);
      expect((await ann.get(`/v1/jobs/${body.id}/events?after=-1`)).status).to.equal(422);
    });

    it('for a query where there is none: 422, but not where machines ask', async () => {
      const routes: [method: string, path: string][] = [
        ['GET', '/v1/collections'],
        ['GET', '/v1/collections/c'],
        ['DELETE', '/v1/collections/c/documents/d'],
        ['POST', '/v1/jobs'],
        ['POST', '/v1/tickets'],
        ['GET', '/v1/queues'],
        ['GET', '/v1/workers'],
        ['GET', '/v1/breakers'],
      ];
      for (const [method, path] of routes) {
        const { status, body } = await root.call(method, `${path}?limit=1`);
        expect([status, body.errors?.[0].pointer], path).to.deep.equal([422, '/limit']);
      }
      for (const path of ['/livez', '/readyz', '/openapi.json', '/docs'])
        expect((await ann.get(`${path}?probe=1`)).status, path).to.equal(200);
    });

    it('without a key or with a wrong one: 401', async () => {
      for (const key of ['', 'wrong-key-0000', 'ann-key-00000']) {
        const { status, body, headers } = await client(fixture.url, key).post('/v1/jobs', EMBED);
        expect([status, body.code]).to.deep.equal([401, 'unauthenticated']);
        expect(headers.get('www-authenticate')).to.equal('Bearer');
      }
    });
  });
});
