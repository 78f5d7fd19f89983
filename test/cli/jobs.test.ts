import { expect } from 'chai';
import type { GatewayDouble } from './gateway-double.ts';
import { CITATION, delta, Harness, jsonLines } from './harness.ts';

describe('warren search, jobs and lists', () => {
  let harness: Harness;
  let gateway: GatewayDouble;
  const warren: Harness['warren'] = (...args) => harness.warren(...args);

  beforeEach(async () => {
    harness = new Harness();
    await harness.start();
    gateway = harness.gateway;
  });
  afterEach(() => harness.stop());

  it('shows what was found', async () => {
    const passage = { ...CITATION, metadata: {} };
    gateway.on('POST', /search$/, () => ({ body: { results: [passage] } }));
    const { out } = await warren(['search', 'days', '-c', 'handbook', '--mode', 'text']);
    expect(out).to.equal('1. A › Guide › Leave 1.000 · docs/a.md:3-20\n   Unused days lapse.\n');
    expect(gateway.calls.at(-1)?.body).to.deep.equal({ collection: 'handbook', query: 'days', mode: 'text' });
    expect(jsonLines((await warren(['search', 'days', '-c', 'handbook', '--json'])).out)).to.deep.equal([
      { results: [passage] },
    ]);
  });

  it('lists jobs over as many pages as it needs', async () => {
    const all = Array.from({ length: 130 }, () => gateway.job([]));
    gateway.on('GET', /^\/v1\/jobs$/, ({ query }) => {
      const from = Number(query.get('after') ?? 0);
      const to = from + Number(query.get('limit'));
      return {
        body: {
          data: all.slice(from, to),
          has_more: to < all.length,
          next_cursor: to < all.length ? String(to) : null,
        },
      };
    });
    const { out } = await warren(['jobs', '--limit', '120', '--status', 'queued']);
    expect(out.trim().split('\n')).to.have.length(121);
    expect(gateway.calls[0]?.query.get('status')).to.equal('queued');
  });

  it('shows a job, and follows one', async () => {
    const { id } = gateway.job([
      ['job.queued'],
      ['job.started', { stage: 'texts.embed' }],
      delta(0, 'Hello'),
      ['job.succeeded', { result: { answer: 'Hello' } }],
    ]);
    expect((await warren(['job', id])).out).to.match(/status +succeeded/);
    const { out, code } = await warren(['job', id, '--follow']);
    expect(code).to.equal(0);
    expect(out).to.match(
      /12:00:00 +1 job\.queued\n12:00:00 +2 job\.started texts\.embed\nHello\n12:00:00 +4 job\.succeeded\n$/,
    );
    expect(jsonLines((await warren(['job', id, '--json'])).out)).to.have.length(1);
  });

  it('cancels', async () => {
    const { id } = gateway.job([]);
    gateway.on('POST', /cancel$/, () => ({ status: 202, body: gateway.job([]) }));
    expect((await warren(['cancel', id, '--reason', 'enough'])).code).to.equal(0);
    expect(gateway.calls.at(-1)).to.deep.include({ path: `/v1/jobs/${id}/cancel`, body: { reason: 'enough' } });
  });

  it('changes the embedding model of a collection and goes back, with progress', async () => {
    const result = { embedding_model: 'next', passages: 8, refused: 1 };
    const events = [
      ['job.started'],
      ['job.progress', { done: 4, total: 9, stage: 'texts.embed' }],
      ['job.succeeded', { result }],
    ] as const;
    gateway.on('POST', /(reembed|rollback)$/, () => ({ status: 202, body: gateway.job(events) }));
    const changed = await warren(['collections', 'reembed', 'h', '--model', 'next', '--partial']);
    expect(changed).to.include({ code: 0 });
    expect(changed.out).to.equal('4 of 9 passages\nnext answers now: 8 passages, 1 more found by their words alone\n');
    expect(gateway.calls.find(({ method }) => method === 'POST')).to.deep.include({
      path: '/v1/collections/h/reembed',
      body: { embedding_model: 'next', partial: true },
    });
    expect((await warren(['collections', 'rollback', 'h'])).code).to.equal(0);
    expect(gateway.calls.some(({ path }) => path === '/v1/collections/h/rollback')).to.equal(true);
    expect((await warren(['collections', 'reembed', 'h'])).code).not.to.equal(0);
  });

  it('lists collections, queues and workers', async () => {
    gateway.on('GET', /collections$/, () => ({
      body: {
        data: [{ name: 'h', documents: 2, passages: 9, embedding_model: 'm', created_at: new Date().toISOString() }],
      },
    }));
    gateway.on('GET', /queues$/, () => ({
      body: {
        data: [
          { name: 'full', depth: 3, consumers: 1 },
          { name: 'idle', depth: 0, consumers: 0 },
        ],
      },
    }));
    gateway.on('GET', /workers$/, () => ({
      body: {
        data: [
          {
            id: 'w',
            service: 'embedder',
            pool: 'default',
            host: 'box',
            pid: 7,
            busy: 1,
            concurrency: 8,
            models: ['m'],
            breakers: { local: 'closed' },
          },
        ],
      },
    }));
    expect((await warren(['collections'])).out).to.match(/h +2 +9 +m/);
    expect((await warren(['queues'])).out)
      .to.match(/full +3/)
      .and.not.match(/idle/);
    expect((await warren(['queues', '--all'])).out).to.match(/idle +0/);
    expect((await warren(['workers'])).out).to.match(/embedder +default +box:7 +1\/8 +m +local closed/);
  });
});
