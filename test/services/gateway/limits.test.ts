import { expect } from 'chai';
import type { QueueInfo } from '../../../shared/bus/bus.ts';
import { eventually } from '../../support/eventually.ts';
import { BOB, client, EMBED, type Fixture, GENERATE, inMood, START_TIMEOUT_MS, startFixture } from './fixture.ts';

/** The numbers each test drives over the edge. */
const KEY_LIMITS = { '*': { in_flight: 3 }, bob: { rate: 5, in_flight: 1_000 }, root: { queued: 2, in_flight: 10 } };
const BOUNDS = { lane: 100, journal: 100 };

describe('gateway: limits', () => {
  let fixture: Fixture;
  let queues: QueueInfo[] = [];

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    fixture = await startFixture({
      keyLimits: KEY_LIMITS,
      bounds: BOUNDS,
      around: (bus) => inMood(bus, { queues: async () => queues }),
    });
  });
  after(() => fixture?.stop());
  afterEach(() => {
    queues = [];
  });

  const refusal = { code: 'rate_limited', status: 429 };

  it('of open jobs refuse one more, by an exact count, and take it when one has ended', async () => {
    const ann = client(fixture.url);
    const jobs: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const { status, body } = await ann.post('/v1/jobs', EMBED);
      expect(status).to.equal(202);
      jobs.push(body.id);
    }
    const refused = await ann.post('/v1/jobs', EMBED);
    expect(refused.body).to.deep.include(refusal);
    expect(refused.body.detail).to.contain('3 jobs');
    expect(Number(refused.headers.get('retry-after'))).to.be.above(0);
    const [first = ''] = jobs;
    await fixture.stage.job(first);
    await fixture.stage.succeed(first, {});
    expect((await ann.post('/v1/jobs', EMBED)).status, 'one has ended').to.equal(202);
    expect((await ann.post('/v1/jobs', EMBED)).status).to.equal(429);
  });

  it('answer the first job again under its Idempotency-Key, although there is room for no other', async () => {
    const ann = client(fixture.url);
    const key = { 'idempotency-key': 'again' };
    expect((await ann.post('/v1/jobs', EMBED)).status, 'the test before left no room').to.equal(429);
    expect((await ann.post('/v1/jobs', EMBED, key)).status).to.equal(429);
    const open = await ann.get('/v1/jobs?status=queued');
    const [job] = open.body.data;
    await fixture.stage.succeed(job.id, {});
    const accepted = await ann.post('/v1/jobs', EMBED, key);
    expect(accepted.status, 'a refusal uses no key up').to.equal(202);
    const again = await ann.post('/v1/jobs', EMBED, key);
    expect(again.status).to.equal(202);
    expect(again.body.id).to.equal(accepted.body.id);
  });

  it('of queued jobs do not count those that have begun', async () => {
    const root = client(fixture.url, 'root-key-00001');
    const first = await root.post('/v1/jobs', EMBED);
    await fixture.stage.job(first.body.id);
    expect((await root.post('/v1/jobs', { ...EMBED, run_at: '2026-12-31T00:00:00Z' })).status).to.equal(202);
    expect((await root.post('/v1/jobs', EMBED)).body.detail).to.contain('2 jobs queued');
    await fixture.stage.show(first.body.id, [{ event: 'job.started', data: {} }], { status: 'running' });
    expect((await root.post('/v1/jobs', EMBED)).status).to.equal(202);
  });

  it('of rate are for each key alone, and say when to come again', async () => {
    const bob = client(fixture.url, BOB);
    const answers = await Promise.all(Array.from({ length: 12 }, () => bob.post('/v1/jobs', EMBED)));
    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 429);
    expect(accepted.length).to.be.within(5, 10);
    expect(refused.length).to.equal(12 - accepted.length);
    for (const { body, headers } of refused) {
      expect(body).to.deep.include(refusal);
      expect(headers.get('retry-after')).to.equal('1');
    }
  });

  it('of the broker refuse work for a lane that is too long, and only for that one', async () => {
    const bob = client(fixture.url, BOB);
    queues = [
      { name: 'generator.gpu.normal', kind: 'lane', depth: 100, consumers: 1, oldest_age_s: null },
      { name: 'embedder.default.normal', kind: 'lane', depth: 99, consumers: 1, oldest_age_s: null },
    ];
    await eventually(async () => (await bob.post('/v1/jobs', GENERATE)).status === 503, {
      within: 10_000,
      what: 'the long lane to be noticed',
    });
    await eventually(
      async () => {
        const { status, body } = await bob.post('/v1/jobs', GENERATE);
        if (status === 429) return false; // the key's own rate, from asking so often
        expect(status).to.equal(503);
        expect(body).to.deep.include({ code: 'overloaded' });
        expect(body.detail).to.contain('generator.gpu.normal');
        return true;
      },
      { within: 10_000, what: 'a refusal that names the lane' },
    );
    await eventually(async () => (await bob.post('/v1/jobs', EMBED)).status === 202, {
      within: 10_000,
      what: 'other work to be accepted',
    });
    await eventually(async () => (await bob.post('/v1/jobs', { ...GENERATE, priority: 'high' })).status === 202, {
      within: 10_000,
      what: 'work of another lane to be accepted',
    });
  });

  it('of the broker refuse everything for a journal that is too long, until it is short again', async () => {
    const bob = client(fixture.url, BOB);
    queues = [{ name: 'journal.0', kind: 'journal', depth: 100, consumers: 1, oldest_age_s: null }];
    await eventually(async () => (await bob.post('/v1/jobs', EMBED)).status === 503, {
      within: 10_000,
      what: 'the long journal to be noticed',
    });
    queues = [{ name: 'journal.0', kind: 'journal', depth: 0, consumers: 1, oldest_age_s: null }];
    await eventually(async () => (await bob.post('/v1/jobs', EMBED)).status === 202, {
      within: 10_000,
      what: 'the short journal to be noticed',
    });
  });
});
