import { expect } from 'chai';
import { BreakerList, QueueList, Readiness, WorkerList } from '../../../services/gateway/api/operations.ts';
import { Fleet } from '../../../services/gateway/fleet.ts';
import { eventually } from '../../support/eventually.ts';
import { EMBED } from './fixture.ts';
import { suiteFixture } from './suite-fixture.ts';

describe('gateway: for those who run it', () => {
  const fixture = suiteFixture();
  const { ann, root, nobody } = fixture;

  it('health needs no key and names each dependency', async () => {
    expect((await nobody.get('/livez')).body).to.deep.equal({ status: 'ok' });
    const { status, body } = await nobody.get('/readyz');
    expect([status, Readiness.parse(body)]).to.deep.equal([
      200,
      { status: 'ok', dependencies: { broker: 'ok', database: 'ok', topology: 'ok' } },
    ]);
  });

  it('metrics count what was accepted and how long requests took', async () => {
    await ann.post('/v1/jobs', EMBED);
    const { status, body } = await nobody.get('/metrics');
    expect(status).to.equal(200);
    expect(body).to.match(/warren_jobs_accepted_total\{type="embed"\} \d+/);
    expect(body).to.match(/warren_http_request_seconds_count\{method="POST",route="\/v1\/jobs",status="202"\} \d+/);
    expect(body).to.contain('warren_websocket_clients');
  });

  it('every answer has its request id, by the client if it likes, and the headers that keep browsers safe', async () => {
    const named = await ann.get('/livez', { 'x-request-id': 'mine-1' });
    expect(named.headers.get('x-request-id')).to.equal('mine-1');
    const refused = await ann.get('/v1/nothing', { 'x-request-id': 'not a name' });
    expect(refused.headers.get('x-request-id')).to.match(/^[0-9a-f-]{36}$/);
    expect(refused.body.request_id).to.equal(refused.headers.get('x-request-id'));
    expect(refused.headers.get('x-content-type-options')).to.equal('nosniff');
    expect(refused.headers.get('content-security-policy')).to.contain("default-src 'self'");
  });

  it('workers and breakers are what was heard lately', async () => {
    const worker = {
      id: 'w1',
      service: 'generator',
      host: 'h',
      pid: 1,
      pool: 'default',
      concurrency: 8,
      busy: 2,
      models: ['m'],
      breakers: { ollama: 'open' },
      at: new Date().toISOString(),
    } as const;
    fixture.bus.tellAlive({ ...worker, models: ['m'] });
    await eventually(async () => (await root.get('/v1/workers')).body.data.length === 1, {
      within: 5_000,
      what: 'the worker to be heard',
    });
    expect(WorkerList.parse((await root.get('/v1/workers')).body).data).to.deep.equal([worker]);
    expect(BreakerList.parse((await root.get('/v1/breakers')).body).data).to.deep.equal([
      { provider: 'ollama', service: 'generator', worker: 'w1', state: 'open' },
    ]);
  });

  it('a worker that is silent for 15 s is gone', () => {
    const fleet = new Fleet();
    const worker = {
      id: 'w1',
      service: 'embedder',
      host: 'h',
      pid: 1,
      pool: 'default',
      concurrency: 8,
      busy: 2,
      models: [],
      breakers: {},
      at: '',
    } as const;
    fleet.heard({ ...worker, models: [] }, 0);
    expect(fleet.workers(15_000)).to.have.length(1);
    expect(fleet.workers(15_001)).to.deep.equal([]);
  });

  it('queues are listed with their depth', async () => {
    const { data } = QueueList.parse((await root.get('/v1/queues')).body);
    expect(data.map(({ name }) => name)).to.include.members(['journal.0', 'embedder.default.low', 'dead-letters']);
    expect(data.map(({ oldest_age_s }) => oldest_age_s)).to.deep.equal(data.map(() => null));
  });

  it('only an admin key may see and do such things', async () => {
    for (const path of ['/v1/queues', '/v1/workers', '/v1/breakers', '/v1/dead-letters', '/v1/dead-letters/x']) {
      const { status, body } = await ann.get(path);
      expect([status, body.code], path).to.deep.equal([403, 'forbidden']);
      expect((await nobody.get(path)).status, path).to.equal(401);
    }
    for (const path of ['/v1/dead-letters/replay', '/v1/dead-letters/discard'])
      expect((await ann.post(path, {})).status, path).to.equal(403);
  });
});
