import { connect } from 'node:net';
import { expect } from 'chai';
import pino from 'pino';
import { createGateway } from '../../../services/gateway/gateway.ts';
import { HttpServer } from '../../../services/gateway/http-server.ts';
import type { GatewayBus } from '../../../services/gateway/ports.ts';
import { BrokerUnavailableError, OverloadedError } from '../../../shared/bus/bus.ts';
import { TerminalError } from '../../../shared/bus/errors.ts';
import { openDatabase } from '../../../shared/store/database.ts';
import { eventually } from '../../support/eventually.ts';
import { MEASURED_AGAIN } from '../../support/measured.ts';
import { silentServer } from '../../support/silent-server.ts';
import {
  ANN,
  client,
  EMBED,
  type Fixture,
  GENERATE,
  inMood,
  ROOT,
  START_TIMEOUT_MS,
  startFixture,
  WIDE,
} from './fixture.ts';

describe('gateway: outages', () => {
  let fixture: Fixture;
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    fixture = await startFixture();
  });
  after(() => fixture?.stop());

  describe('of the database', () => {
    let ann: ReturnType<typeof client>;
    let down: Awaited<ReturnType<typeof withDatabase>>;

    before(async () => {
      down = await withDatabase(fixture, 'postgres://nobody@127.0.0.1:1/none');
      ann = client(down.url);
    });
    after(() => down.stop());

    it('jobs are accepted all the same', async () => {
      const { status, body } = await ann.post('/v1/jobs', EMBED);
      expect(status).to.equal(202);
      expect((await fixture.stage.job(body.id)).type).to.equal('embed');
      const small = await ann.post('/v1/collections/c/documents', { documents: [{ text: 'small' }] });
      expect(small.status).to.equal(202);
      const patient = await ann.post('/v1/jobs', EMBED, { prefer: 'wait=1' });
      expect([patient.status, patient.body.status]).to.deep.equal([202, 'queued']);
    });

    it('what needs it is 503 with Retry-After', async () => {
      const job = (await ann.post('/v1/jobs', EMBED)).body.id;
      const large = { documents: [{ text: 'x'.repeat(100_000) }] };
      const answers = await Promise.all([
        ann.get(`/v1/jobs/${job}`),
        ann.get('/v1/jobs'),
        ann.get(`/v1/jobs/${job}/events`),
        ann.post(`/v1/jobs/${job}/cancel`),
        ann.get('/v1/collections'),
        ann.post('/v1/jobs', EMBED, { 'idempotency-key': 'k' }),
        ann.post('/v1/collections/c/documents', large),
      ]);
      for (const { status, body, headers } of answers) {
        expect([status, body.code]).to.deep.equal([503, 'store_unavailable']);
        expect(headers.get('retry-after')).to.match(/^\d+$/);
      }
    });

    it('readiness names it, and stays: jobs can be accepted', async () => {
      const { status, body } = await ann.get('/readyz');
      expect([status, body.status, body.dependencies.broker]).to.deep.equal([200, 'degraded', 'ok']);
      expect(body.dependencies.database).to.match(/not available/);
    });
  });

  describe('of a database that hangs', () => {
    it('reading it is 503 after a moment, accepting goes on, and a wait ends', async () => {
      const silent = await silentServer();
      const { url, stop } = await withDatabase(fixture, `postgres://nobody@127.0.0.1:${silent.port}/none`);
      try {
        const ann = client(url);
        const begun = Date.now();
        const accepted = await ann.post('/v1/jobs', EMBED, { prefer: 'wait=1' });
        expect(accepted.status).to.equal(202);
        const read = await ann.get(`/v1/jobs/${accepted.body.id}`);
        expect([read.status, read.body.code]).to.deep.equal([503, 'store_unavailable']);
        expect(Date.now() - begun).to.be.below(4_000);
      } finally {
        await stop();
        await silent.stop();
      }
    }).retries(MEASURED_AGAIN);
  });

  describe('of the broker', () => {
    const moods: [what: string, mood: Partial<GatewayBus>, status: number, code: string][] = [
      ['not connected', { health: () => ({ connected: false, blocked: undefined }) }, 503, 'broker_unavailable'],
      [
        'blocked by an alarm',
        { health: () => ({ connected: true, blocked: 'low on memory' }) },
        503,
        'broker_unavailable',
      ],
      [
        'no confirm in time',
        { append: () => Promise.reject(new BrokerUnavailableError('late')) },
        503,
        'broker_unavailable',
      ],
      ['too much waiting', { append: () => Promise.reject(new OverloadedError('full')) }, 503, 'overloaded'],
      [
        'too large a record',
        { append: () => Promise.reject(new TerminalError('validation', 'too large')) },
        413,
        'payload_too_large',
      ],
      ['a fault of our own', { append: () => Promise.reject(new Error('secret inside')) }, 500, 'internal'],
    ];
    for (const [what, mood, status, code] of moods) {
      it(`${what}: ${status} ${code}`, async () => {
        const { url } = await fixture.another({ around: (bus) => inMood(bus, mood) });
        const answer = await client(url).post('/v1/jobs', EMBED);
        expect([answer.status, answer.body.code]).to.deep.equal([status, code]);
        if (status === 503) expect(answer.headers.get('retry-after')).to.match(/^\d+$/);
        expect(JSON.stringify(answer.body)).not.to.contain('secret');
      });
    }

    it('no worker drops a job whose cancel is not written down, nor is a cancel refused that no worker hears', async () => {
      const told: unknown[] = [];
      const cancelJob = async (...what: unknown[]) => {
        told.push(what);
        throw new BrokerUnavailableError('late');
      };
      const { body } = await client(fixture.url).post('/v1/jobs', EMBED);
      const late = { cancelJob, append: () => Promise.reject(new BrokerUnavailableError('late')) };
      const deaf = await fixture.another({ around: (bus) => inMood(bus, late) });
      expect((await client(deaf.url).post(`/v1/jobs/${body.id}/cancel`)).status).to.equal(503);
      expect(told).to.deep.equal([]);
      const mute = await fixture.another({ around: (bus) => inMood(bus, { cancelJob }) });
      expect((await client(mute.url).post(`/v1/jobs/${body.id}/cancel`)).status).to.equal(202);
      expect(told).to.deep.equal([[body.id, 0]]);
    });

    it('operators are told at once', async () => {
      const away = { health: () => ({ connected: false, blocked: undefined }) };
      const { url } = await fixture.another({ around: (bus) => inMood(bus, away) });
      const root = client(url, ROOT);
      for (const path of ['/v1/queues', '/v1/dead-letters']) expect((await root.get(path)).status, path).to.equal(503);
      expect((await root.post('/v1/dead-letters/replay', {})).body.code).to.equal('broker_unavailable');
    });

    it('readiness says so', async () => {
      const { url } = await fixture.another({
        around: (bus) => inMood(bus, { health: () => ({ connected: true, blocked: 'low on memory' }) }),
      });
      const { status, body } = await client(url).get('/readyz');
      expect([status, body.status, body.dependencies.broker]).to.deep.equal([
        503,
        'unavailable',
        'blocked: low on memory',
      ]);
    });

    it('a key whose job could not be sent is good for the next try', async () => {
      let down = true;
      const around: NonNullable<Parameters<Fixture['another']>[0]['around']> = (bus) =>
        inMood(bus, {
          append: (records, options) =>
            down ? Promise.reject(new BrokerUnavailableError('late')) : bus.append(records, options),
        });
      const ann = client((await fixture.another({ around })).url);
      const key = { 'idempotency-key': 'retried' };
      expect((await ann.post('/v1/jobs', EMBED, key)).status).to.equal(503);
      down = false;
      const { status, body } = await ann.post('/v1/jobs', EMBED, key);
      expect(status).to.equal(202);
      expect((await fixture.stage.job(body.id)).id).to.equal(body.id);
    });
  });

  describe('of the gateway itself', () => {
    it('while it drains: not ready, no new work, and the request under way is answered', async () => {
      const other = await fixture.another({});
      const ann = client(other.url);
      const { body } = await ann.post('/v1/jobs', GENERATE);
      await fixture.stage.job(body.id);
      const waiting = ann.post('/v1/jobs', GENERATE, { prefer: 'wait=30' });
      await eventually(() => other.gateway.hub.size === 1, { within: 5_000, what: 'the wait to begin' });
      other.gateway.lifecycle.drain();
      expect((await waiting).status, 'the wait ends').to.equal(202);
      const refused = await ann.post('/v1/jobs', EMBED);
      expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).to.deep.equal([
        503,
        'draining',
        '1',
      ]);
      const ready = await ann.get('/readyz');
      expect([ready.status, ready.body.status]).to.deep.equal([503, 'draining']);
      expect((await ann.get(`/v1/jobs/${body.id}`)).status, 'reading goes on').to.equal(200);
      await other.server.close();
      expect(other.gateway.hub.size).to.equal(0);
    });

    it('nothing is left behind by those who leave in the middle', async () => {
      const { gateway, url } = await fixture.another({});
      const { body } = await client(url).post('/v1/jobs', GENERATE);
      await fixture.stage.job(body.id);
      const leave = new AbortController();
      const headers = { authorization: `Bearer ${ANN}` };
      const paths = [`/v1/jobs/${body.id}?wait=60`, `/v1/jobs/${body.id}/events`];
      const left = paths.map((path) =>
        fetch(url + path, { headers: { ...headers, accept: 'text/event-stream' }, signal: leave.signal })
          .then((answer) => answer.text())
          .catch(() => 'left'),
      );
      await eventually(() => gateway.hub.size === 1, { within: 5_000, what: 'the followers' });
      leave.abort();
      await Promise.all(left);
      await eventually(() => gateway.hub.size === 0, { within: 5_000, what: 'the followers to be gone' });
    });

    it('survives the end of a stream that nobody reads', async () => {
      const other = await fixture.another({ limits: { commentMs: 5, drainMs: 200 } });
      const { body } = await client(other.url).post('/v1/jobs', GENERATE);
      await fixture.stage.delta(body.id, 0, 'x'.repeat(8_000_000));
      const headers = { authorization: `Bearer ${ANN}`, accept: 'text/event-stream' };
      const unread = await fetch(`${other.url}/v1/jobs/${body.id}/events`, { headers });
      await eventually(() => other.gateway.hub.size === 1, { within: 5_000, what: 'the stream' });
      await other.server.close();
      await unread.text().catch(() => undefined);
      expect(other.gateway.hub.size).to.equal(0);
    });

    it('survives garbage instead of HTTP', async () => {
      const { hostname, port } = new URL(fixture.url);
      const answer = await new Promise<string>((resolve, reject) => {
        const connection = connect(Number(port), hostname, () =>
          connection.write(Buffer.from([0, 1, 2, 3, 13, 10, 13, 10])),
        );
        connection.once('data', (data) => resolve(String(data)));
        connection.once('error', reject);
      });
      expect(answer).to.match(/^HTTP\/1\.1 400/);
      expect((await client(fixture.url).get('/livez')).status).to.equal(200);
    });
  });
});

/** A gateway on the fixture's broker and another database. */
async function withDatabase({ bus }: Fixture, url: string) {
  const config = {
    apiKeys: [{ name: 'ann', key: ANN, admin: true }],
    ticketSecret: undefined,
    embeddingModel: 'm',
    keyLimits: {},
    rollbackTtlS: 3600,
    bounds: WIDE,
  };
  const db = openDatabase({ url });
  const gateway = createGateway({ bus, db, log: pino({ level: 'silent' }), config, limits: { readMs: 300 } });
  const server = new HttpServer(gateway);
  await server.listen(0, '127.0.0.1');
  const stop = async () => {
    await server.close();
    await db.close();
  };
  return { url: server.url, stop };
}
