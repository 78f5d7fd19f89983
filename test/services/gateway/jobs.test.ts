import { expect } from 'chai';
import { JobPage, JobView } from '../../../services/gateway/api/job.ts';
import { newId } from '../../../shared/ids.ts';
import { BOB, client, EMBED, type Fixture, GENERATE, START_TIMEOUT_MS, startFixture } from './fixture.ts';

const FLOATS = [0.5, -1, 0.25];
const BASE64 = Buffer.from(Float32Array.from(FLOATS).buffer).toString('base64');
const VECTORS = { model: 'm', dimensions: 3, vectors: [BASE64] };

describe('gateway: jobs', () => {
  let fixture: Fixture;
  let ann: ReturnType<typeof client>;
  let bob: ReturnType<typeof client>;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    fixture = await startFixture();
    ann = client(fixture.url);
    bob = client(fixture.url, BOB);
  });
  after(() => fixture?.stop());

  describe('are submitted', () => {
    it('with 202, where to find them, and as they will be', async () => {
      const wish = { ...EMBED, tags: ['t'], metadata: { a: 1 }, max_attempts: 2, deadline_ms: 60_000 };
      const { status, headers, body } = await ann.post('/v1/jobs', wish);
      expect(status).to.equal(202);
      expect(headers.get('location')).to.equal(`/v1/jobs/${body.id}`);
      const shown = {
        status: 'queued',
        priority: 'normal',
        max_attempts: 2,
        tags: ['t'],
        metadata: { a: 1 },
        last_seq: 0,
      };
      expect(JobView.strict().parse(body)).to.deep.include(shown);
      expect(Date.parse(body.deadline_at) - Date.parse(body.created_at)).to.equal(60_000);
      const read = await ann.get(`/v1/jobs/${body.id}`);
      expect(read.status).to.equal(200);
      expect(JobView.strict().parse(read.body)).to.deep.equal({ ...body, last_seq: 1 });
    });

    it('for later, as scheduled', async () => {
      const run_at = new Date(Date.now() + 3_600_000).toISOString().replace('Z', '+00:00');
      const { status, body } = await ann.post('/v1/jobs', { ...EMBED, run_at });
      expect(status).to.equal(202);
      expect(body).to.deep.include({ status: 'scheduled', run_at: new Date(run_at).toISOString() });
    });

    it('by their input alone', async () => {
      const ask = await ann.post('/v1/ask', { collection: 'c', question: 'why?' });
      expect(ask.body).to.deep.include({ type: 'ask', collection: 'c', max_attempts: 4 });
      const generate = await ann.post('/v1/generate', { prompt: 'p' });
      expect(generate.body).to.deep.include({ type: 'generate', max_attempts: 3 });
      const embed = await ann.post('/v1/embed', { texts: ['x'] });
      expect(embed.body).to.deep.include({ type: 'embed', input: { texts: ['x'] } });
    });

    it('and waited for with Prefer: wait', async () => {
      const waiting = ann.post('/v1/jobs', { ...GENERATE, tags: ['prefer'] }, { prefer: 'respond-async, wait=10' });
      const id = await submitted(fixture, 'prefer');
      await fixture.stage.succeed(id, { text: 'done' });
      const { status, headers, body } = await waiting;
      expect(status).to.equal(200);
      expect(headers.get('preference-applied')).to.equal('wait=10');
      expect(body).to.deep.include({ id, status: 'succeeded', result: { text: 'done' } });
    });

    it('and answered with 202 when the wait is over first', async () => {
      const { status, body } = await ann.post('/v1/jobs', GENERATE, { prefer: 'wait=1' });
      expect(status).to.equal(202);
      expect(body.status).to.equal('queued');
    });
  });

  describe('under an Idempotency-Key', () => {
    it('are the same job however often they are sent, also at once', async () => {
      const key = { 'idempotency-key': 'race' };
      const answers = await Promise.all(Array.from({ length: 8 }, () => ann.post('/v1/jobs', EMBED, key)));
      expect(answers.map(({ status }) => status)).to.deep.equal(Array(8).fill(202));
      expect(new Set(answers.map(({ body }) => body.id)).size).to.equal(1);
      expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).to.have.length(1);
      const later = await ann.post('/v1/jobs', { input: EMBED.input, type: 'embed' }, key);
      expect(later.headers.get('idempotent-replayed')).to.equal('true');
      expect(later.body).to.deep.include({ id: answers[0]?.body.id, last_seq: 1 });
    });

    it('belong to the key of their owner', async () => {
      const key = { 'idempotency-key': 'shared' };
      const [first, second] = [await ann.post('/v1/jobs', EMBED, key), await bob.post('/v1/jobs', GENERATE, key)];
      expect([first.status, second.status]).to.deep.equal([202, 202]);
      expect(first.body.id).not.to.equal(second.body.id);
    });

    it('are refused with another body', async () => {
      const key = { 'idempotency-key': 'reused' };
      await ann.post('/v1/jobs', EMBED, key);
      const { status, body } = await ann.post('/v1/jobs', GENERATE, key);
      expect([status, body.code]).to.deep.equal([422, 'idempotency_key_reused']);
    });

    it('are sent again under the same id while their first turn has not been', async () => {
      let release = () => {};
      fixture.stage.held = new Promise((resolve) => {
        release = resolve;
      });
      const key = { 'idempotency-key': 'died-in-between' };
      const first = await ann.post('/v1/jobs', EMBED, key);
      const second = await ann.post('/v1/jobs', EMBED, key);
      release();
      fixture.stage.held = undefined;
      expect(second.body).to.deep.equal(first.body);
      expect(second.headers.get('idempotent-replayed')).to.equal('true');
      await fixture.stage.job(first.body.id);
      const sent = () => fixture.stage.records.filter(({ job }) => job === first.body.id);
      while (sent().length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(sent()[0]).to.deep.equal(sent()[1]);
    });

    it('may be documents', async () => {
      const key = { 'idempotency-key': 'documents' };
      const wish = { documents: [{ text: 'one' }] };
      const [first, second] = [
        await ann.post('/v1/collections/c/documents', wish, key),
        await ann.post('/v1/collections/c/documents', wish, key),
      ];
      expect(second.body.id).to.equal(first.body.id);
      expect(second.body.input).to.deep.equal(first.body.input);
      const other = await ann.post('/v1/collections/c/documents', { documents: [{ text: 'two' }] }, key);
      expect(other.body.code).to.equal('idempotency_key_reused');
    });

    it('do not hold the key when they are refused after all', async () => {
      const key = { 'idempotency-key': 'refused' };
      const heavy = { documents: [{ text: 'x', metadata: { a: 'x'.repeat(800_000) } }] };
      expect((await ann.post('/v1/collections/c/documents', heavy, key)).status).to.equal(413);
      expect((await ann.post('/v1/jobs', EMBED, key)).status).to.equal(202);
    });

    it('need a key that can be one', async () => {
      const { status, body } = await ann.post('/v1/jobs', EMBED, { 'idempotency-key': 'x'.repeat(256) });
      expect([status, body.code]).to.deep.equal([400, 'idempotency_key_invalid']);
    });
  });

  describe('are read', () => {
    it('with vectors as numbers, or as base64 when that was asked for', async () => {
      const [numbers, base64] = await Promise.all([
        ann.post('/v1/jobs', EMBED),
        ann.post('/v1/embed', { texts: ['x'], encoding_format: 'base64' }),
      ]);
      await Promise.all([numbers, base64].map(({ body }) => fixture.stage.succeed(body.id, VECTORS)));
      expect((await ann.get(`/v1/jobs/${numbers.body.id}`)).body.result.vectors).to.deep.equal([FLOATS]);
      expect((await ann.get(`/v1/jobs/${base64.body.id}`)).body.result.vectors).to.deep.equal([BASE64]);
    });

    it('by a long poll that ends with the job', async () => {
      const { body } = await ann.post('/v1/jobs', GENERATE);
      await fixture.stage.job(body.id);
      const polling = ann.get(`/v1/jobs/${body.id}?wait=10`);
      await fixture.stage.succeed(body.id, { text: 'end' });
      expect((await polling).body).to.deep.include({ status: 'succeeded', result: { text: 'end' } });
    });

    it('by a long poll that ends even when the push is lost', async () => {
      const { body } = await ann.post('/v1/jobs', GENERATE);
      await fixture.stage.job(body.id);
      const polling = ann.get(`/v1/jobs/${body.id}?wait=10`);
      fixture.stage.mute = true;
      await fixture.stage.succeed(body.id, { text: 'unheard' });
      fixture.stage.mute = false;
      expect((await polling).body.status).to.equal('succeeded');
    });

    it('as soon as their first turn has been, when they are asked for before it', async () => {
      let release = () => {};
      fixture.stage.held = new Promise((resolve) => {
        release = resolve;
      });
      const { body } = await ann.post('/v1/jobs', EMBED);
      const reading = ann.get(`/v1/jobs/${body.id}`);
      const foreign = bob.get(`/v1/jobs/${body.id}`);
      setTimeout(release, 300);
      fixture.stage.held = undefined;
      expect((await reading).body).to.deep.include({ id: body.id, last_seq: 1 });
      expect((await foreign).status).to.equal(404);
    });

    it('as they were accepted, while nobody gives them their first turn', async () => {
      let release = () => {};
      fixture.stage.held = new Promise((resolve) => {
        release = resolve;
      });
      const { body } = await ann.post('/v1/jobs', EMBED);
      const [own, foreign] = await Promise.all([ann.get(`/v1/jobs/${body.id}`), bob.get(`/v1/jobs/${body.id}`)]);
      fixture.stage.held = undefined;
      release();
      expect(own.body).to.deep.include({ id: body.id, status: 'queued', last_seq: 0 });
      expect(foreign.status).to.equal(404);
    });

    it('in pages, newest first, by what they are', async () => {
      const made: string[] = [];
      for (let n = 0; n < 5; n += 1) made.push((await ann.post('/v1/jobs', { ...EMBED, tags: ['paged'] })).body.id);
      await Promise.all(made.map((id) => fixture.stage.job(id)));
      const first = await ann.get('/v1/jobs?tag=paged&limit=3&type=embed&status=queued');
      expect(JobPage.parse(first.body).data.map(({ id }) => id)).to.deep.equal(made.slice(2).reverse());
      expect(first.body.has_more).to.equal(true);
      const second = await ann.get(`/v1/jobs?tag=paged&limit=3&after=${first.body.next_cursor}`);
      expect(second.body.data.map(({ id }: { id: string }) => id)).to.deep.equal(made.slice(0, 2).reverse());
      expect(second.body).to.deep.include({ has_more: false, next_cursor: null });
      expect((await bob.get('/v1/jobs?tag=paged')).body.data).to.deep.equal([]);
    });
  });

  describe('are cancelled', () => {
    it('by writing that down', async () => {
      const { body } = await ann.post('/v1/jobs', GENERATE);
      const { status } = await ann.post(`/v1/jobs/${body.id}/cancel`, { reason: 'enough' });
      expect(status).to.equal(202);
      const written = () =>
        fixture.stage.records.find(({ job, event }) => job === body.id && event.type === 'job.cancel');
      while (written() === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(written()?.event.body).to.deep.equal({ reason: 'enough' });
      expect((await ann.post(`/v1/jobs/${body.id}/cancel`)).status, 'without a body').to.equal(202);
    });

    it('unless they have ended', async () => {
      const { body } = await ann.post('/v1/jobs', GENERATE);
      await fixture.stage.succeed(body.id, { text: 'end' });
      const refused = await ann.post(`/v1/jobs/${body.id}/cancel`);
      expect([refused.status, refused.body.code]).to.deep.equal([409, 'job_terminal']);
    });
  });

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

    it('without a key or with a wrong one: 401', async () => {
      for (const key of ['', 'wrong-key-0000', 'ann-key-00000']) {
        const { status, body, headers } = await client(fixture.url, key).post('/v1/jobs', EMBED);
        expect([status, body.code]).to.deep.equal([401, 'unauthenticated']);
        expect(headers.get('www-authenticate')).to.equal('Bearer');
      }
    });
  });
});

/** Id of the job submitted with this tag, once the stage has it. */
async function submitted({ stage }: Fixture, tag: string): Promise<string> {
  for (;;) {
    const found = stage.records.find(({ event }) => event.type === 'job.submitted' && event.body.tags.includes(tag));
    if (found !== undefined) return found.job;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
