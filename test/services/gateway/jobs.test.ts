import { expect } from 'chai';
import { JobPage, JobView } from '../../../services/gateway/api/job.ts';
import { EMBED, type Fixture, GENERATE } from './fixture.ts';
import { suiteFixture } from './suite-fixture.ts';

const FLOATS = [0.5, -1, 0.25];
const BASE64 = Buffer.from(Float32Array.from(FLOATS).buffer).toString('base64');
const VECTORS = { model: 'm', dimensions: 3, vectors: [BASE64] };

describe('gateway: jobs', () => {
  const fixture = suiteFixture();
  const { ann, bob } = fixture;

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

    it('at once, when the time they are to wait for has passed', async () => {
      const { body, status } = await ann.post('/v1/jobs', {
        ...EMBED,
        run_at: '0000-01-01T00:00:00Z',
        tags: ['\ud800'],
      });
      expect([status, body.status, body.run_at]).to.deep.equal([202, 'queued', undefined]);
      expect(await fixture.stage.job(body.id)).to.include({ status: 'queued' });
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
});

/** Id of the job submitted with this tag, once the stage has it. */
async function submitted({ stage }: Pick<Fixture, 'stage'>, tag: string): Promise<string> {
  for (;;) {
    const found = stage.records.find(({ event }) => event.type === 'job.submitted' && event.body.tags.includes(tag));
    if (found !== undefined) return found.job;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
