import { expect } from 'chai';
import { client } from './fixture.ts';
import { suiteFixture } from './suite-fixture.ts';

describe('gateway: a search', () => {
  const fixture = suiteFixture();
  const { ann } = fixture;

  const passage = {
    passage_id: 'psg_1',
    document_id: 'a',
    title: 'A',
    heading: '',
    text: 't',
    score: 1,
    start: 0,
    end: 1,
    metadata: {},
  };
  afterEach(() => {
    fixture.stage.onBorn = async () => undefined;
  });

  it('is a job of high priority that is waited for', async () => {
    fixture.stage.onBorn = async ({ id }) => void (await fixture.stage.succeed(id, { results: [passage] }));
    const { status, headers, body } = await ann.post('/v1/search', { collection: 'c', query: 'q', mode: 'text' });
    expect(status, JSON.stringify(body)).to.equal(200);
    expect(body).to.deep.equal({ results: [passage] });
    const job = await ann.get(headers.get('location') ?? '');
    expect(job.body).to.deep.include({
      type: 'search',
      priority: 'high',
      input: { collection: 'c', query: 'q', mode: 'text' },
    });
  });

  it('that fails says so', async () => {
    const cases = [
      ['collection_not_found', 404, 'collection_not_found'],
      ['validation', 422, 'validation_failed'],
      ['provider_error', 502, 'search_failed'],
      ['deadline_exceeded', 504, 'wait_timeout'],
    ] as const;
    for (const [code, status, shown] of cases) {
      const error = { code, message: 'so it is', retryable: false };
      fixture.stage.onBorn = async ({ id }) =>
        void (await fixture.stage.show(id, [{ event: 'job.failed', data: { error } }], { status: 'failed', error }));
      const answer = await ann.post('/v1/search', { collection: 'c', query: 'q' });
      expect([answer.status, answer.body.code, answer.body.detail]).to.deep.equal([status, shown, 'so it is']);
      expect(answer.headers.get('location')).to.match(/^\/v1\/jobs\/job_/);
    }
  });

  it('that takes too long is 504 with the job to look at', async () => {
    const other = await fixture.another({ limits: { searchMs: 300 } });
    const answer = await client(other.url).post('/v1/search', { collection: 'c', query: 'q' });
    expect([answer.status, answer.body.code]).to.deep.equal([504, 'wait_timeout']);
    expect((await ann.get(answer.headers.get('location') ?? '')).status).to.equal(200);
  });
});
