import { expect } from 'chai';
import { pino } from 'pino';
import type { z } from 'zod';
import { AfterResponse } from '../../../services/gateway/after-response.ts';
import { DeadLetterPage, DeadLetterView } from '../../../services/gateway/api/dead-letter.ts';
import { BreakerList, QueueList, Readiness, WorkerList } from '../../../services/gateway/api/operations.ts';
import { Fleet } from '../../../services/gateway/fleet.ts';
import type { Closeable } from '../../../shared/bus/bus.ts';
import { TerminalError } from '../../../shared/bus/errors.ts';
import { on } from '../../../shared/bus/handler.ts';
import { GenerateAnswer } from '../../../shared/messages/answering.ts';
import { type Command, commandId } from '../../../shared/messages/command.ts';
import { eventually } from '../../support/eventually.ts';
import { ANN, client, EMBED, type Fixture, ROOT, START_TIMEOUT_MS, startFixture } from './fixture.ts';

describe('gateway: for those who run it', () => {
  let fixture: Fixture;
  let ann: ReturnType<typeof client>;
  let root: ReturnType<typeof client>;
  let nobody: ReturnType<typeof client>;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    fixture = await startFixture();
    ann = client(fixture.url);
    root = client(fixture.url, ROOT);
    nobody = client(fixture.url, '');
  });
  after(() => fixture?.stop());

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

  describe('dead letters', () => {
    let serving: Closeable;
    let job: string;

    before(async () => {
      const refuse = on(GenerateAnswer, async () => {
        throw new TerminalError('model_not_found', 'there is no such model');
      });
      serving = await fixture.bus.serve({ service: 'generator', pool: 'default', concurrency: 4, handlers: [refuse] });
      job = (await ann.post('/v1/generate', { prompt: 'p' })).body.id;
      await fixture.bus.send(['0', '1', '2'].map((part) => commandOf(job, part)));
      await eventually(async () => (await root.get('/v1/dead-letters')).body.data?.length === 3, {
        within: 15_000,
        what: 'three dead letters',
      });
    });
    after(() => serving.close());

    it('are listed with why and where they died, read with their body', async () => {
      const listed = DeadLetterPage.parse(
        (await root.get('/v1/dead-letters?type=answer.generate&error_code=model_not_found')).body,
      ).data;
      expect(listed).to.have.length(3);
      for (const letter of listed)
        expect(letter).to.deep.include({
          job,
          type: 'answer.generate',
          queue: 'generator.default.normal',
          attempts: 1,
          replay_count: 0,
          replayable: true,
        });
      expect((await root.get('/v1/dead-letters?type=texts.embed')).body.data).to.deep.equal([]);
      expect((await root.get('/v1/dead-letters?limit=2')).body).to.deep.include({ has_more: true });
      const { body } = await root.get(`/v1/dead-letters/${listed[0]?.id}`);
      expect(DeadLetterView.strict().parse(body).body).to.deep.equal({ question: 'why?' });
    });

    it('are replayed: counted first, then one by one, then all of them', async () => {
      const dry = await root.post('/v1/dead-letters/replay', { dry_run: true });
      expect([dry.status, dry.body.matched]).to.deep.equal([202, 3]);
      const [letter] = (await root.get('/v1/dead-letters')).body.data;
      const one = await root.post('/v1/dead-letters/replay', { ids: [letter.id] });
      expect([one.status, one.body.matched, one.body.replayed]).to.deep.equal([202, 1, 1]);
      const replayed = () => fixture.stage.records.filter(({ event }) => event.type === 'command.replayed');
      await eventually(() => replayed().length === 1, { within: 10_000, what: 'the replay in the journal' });
      expect(replayed()[0]).to.deep.include({ job });
      await eventually(async () => (await root.get('/v1/dead-letters')).body.data.length === 2, {
        within: 10_000,
        what: 'the others to be back',
      });
    });

    it('are thrown away, but not by accident', async () => {
      const careless = await root.post('/v1/dead-letters/discard', {});
      expect(careless.status).to.equal(422);
      const done = await root.post('/v1/dead-letters/discard', { filter: { type: 'answer.generate' } });
      expect([done.status, done.body.discarded]).to.deep.equal([202, 2]);
      expect((await root.get('/v1/dead-letters')).body.data).to.deep.equal([]);
    });

    it('that are not there are 404', async () => {
      for (const id of ['x', 'dl_019b2f4e-7c1a-7b35-a2c4-6f7e8d9c0b1a']) {
        const { status, body } = await root.get(`/v1/dead-letters/${id}`);
        expect([status, body.code]).to.deep.equal([404, 'dead_letter_not_found']);
      }
    });
  });

  describe('the API describes itself', () => {
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

  describe('work after a response', () => {
    const log = pino({ level: 'silent' });

    it('is drained, also when some of it fails', async () => {
      const queue = new AfterResponse(log);
      let done = 0;
      for (let n = 0; n < 100; n += 1) {
        queue.add(async () => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          done += 1;
          if (n % 10 === 0) throw new Error('no');
        });
      }
      expect(await queue.drain(5_000)).to.equal(0);
      expect(done).to.equal(100);
    });

    it('is bounded, and what hangs is given up', async () => {
      const queue = new AfterResponse(log);
      let release = () => {};
      const hang = new Promise<void>((resolve) => {
        release = resolve;
      });
      let taken = 0;
      while (queue.add(() => hang)) taken += 1;
      expect(taken).to.be.within(10_000, 10_010);
      expect(queue.dropped).to.equal(1);
      expect(await queue.drain(50)).to.equal(taken);
      release();
      expect(await queue.drain(5_000)).to.equal(0);
    });
  });

  describe('without any key', () => {
    let open: { url: string };
    before(async () => {
      open = await fixture.another({ keys: [] });
    });

    it('everything belongs to `local`, who is an admin', async () => {
      const { status, body } = await client(open.url, '').post('/v1/jobs', EMBED);
      expect(status).to.equal(202);
      expect((await fixture.stage.job(body.id)).owner).to.equal('local');
      expect((await client(open.url, '').get('/v1/queues')).status).to.equal(200);
      expect((await client(open.url, ANN).get(`/v1/jobs/${body.id}`)).status).to.equal(200);
    });

    it('pages of other sites are kept out', async () => {
      const foreign = await client(open.url, '').post('/v1/jobs', EMBED, { origin: 'https://elsewhere.example' });
      expect([foreign.status, foreign.body.code]).to.deep.equal([403, 'forbidden']);
      const own = await client(open.url, '').post('/v1/jobs', EMBED, { origin: 'http://localhost:5173' });
      expect(own.status).to.equal(202);
    });
  });
});

const commandOf = (job: string, part: string): Command => ({
  id: commandId(job, 'answer.generate', part),
  job,
  type: 'answer.generate',
  part,
  body: { question: 'why?' },
  priority: 'normal',
  pool: 'default',
  attempt: 1,
  max_attempts: 3,
  replay: 0,
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
