import { connect } from 'node:net';
import { expect } from 'chai';
import WebSocket from 'ws';
import { ServerFrame } from '../../../services/gateway/socket/frames.ts';
import { newId } from '../../../shared/ids.ts';
import { ANN, BOB, client, EMBED, type Fixture, GENERATE, START_TIMEOUT_MS, startFixture } from './fixture.ts';

const LIMITS = { sendBufferBytes: 64 * 1024, stallMs: 400, netMs: 300, subscriptionsPerSocket: 8, socketsPerKey: 4 };

describe('gateway: the WebSocket', () => {
  let fixture: Fixture;
  let ann: ReturnType<typeof client>;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    fixture = await startFixture({ limits: LIMITS });
    ann = client(fixture.url);
  });
  after(() => fixture?.stop());
  afterEach(() => {
    for (const socket of open.splice(0)) socket.terminate();
  });

  const socket = (key = ANN) => openSocket(fixture.url, { authorization: `Bearer ${key}` });
  const submit = async (to: Client, wish: unknown = GENERATE, id = '1'): Promise<string> => {
    to.send({ type: 'submit', id, job: wish });
    const { job } = await to.next('accepted');
    await fixture.stage.job(job.id);
    return job.id;
  };

  describe('in conversation', () => {
    it('says hello first, in its own protocol, and answers pings', async () => {
      const it = await socket();
      expect(it.socket.protocol).to.equal('warren.v1');
      expect(await it.next('hello')).to.deep.include({ heartbeat_ms: 20_000 });
      it.send({ type: 'ping' });
      await it.next('pong');
    });

    it('accepts a job and shows its events from the first, none before it is accepted', async () => {
      const it = await socket();
      const job = await submit(it, GENERATE, 'mine');
      await fixture.stage.delta(job, 0, 'Hello');
      await fixture.stage.succeed(job, { text: 'Hello' });
      expect(await it.ended(job)).to.deep.equal([1, 2, 3]);
      expect(it.frames.map(({ type }) => type)).to.deep.equal(['hello', 'accepted', 'event', 'event', 'event']);
      expect(it.frames[1]).to.deep.include({ id: 'mine' });
      for (const frame of it.frames) ServerFrame.parse(frame);
    });

    it('goes on in mid-stream where a cut socket was, with nothing lost and nothing twice', async () => {
      const first = await socket();
      const job = await submit(first);
      const writing = (async () => {
        for (let n = 0; n < 400; n += 1) await fixture.stage.delta(job, n, '.');
        await fixture.stage.succeed(job, { text: 'all' });
      })();
      while (first.seqs(job).length < 50) await new Promise((resolve) => setTimeout(resolve, 5));
      first.socket.terminate();
      const seen = first.seqs(job);
      const second = await socket();
      second.send({ type: 'subscribe', id: '2', job, after: seen.at(-1) });
      expect(await second.next('subscribed')).to.deep.include({ id: '2', job });
      expect([...seen, ...(await second.ended(job))]).to.deep.equal(upTo(402));
      await writing;
    });

    it('shows a job on many sockets at once, each from where it wants', async () => {
      const job = (await ann.post('/v1/jobs', GENERATE)).body.id as string;
      await fixture.stage.job(job);
      const sockets = await Promise.all([socket(), socket(), socket()]);
      for (const [after, it] of sockets.entries()) it.send({ type: 'subscribe', id: 's', job, after });
      for (const it of sockets) await it.next('subscribed');
      for (let n = 0; n < 20; n += 1) await fixture.stage.delta(job, n, '.');
      await fixture.stage.succeed(job, { text: 'x' });
      for (const [after, it] of sockets.entries()) expect(await it.ended(job)).to.deep.equal(upTo(22).slice(after));
    });

    it('stays subscribed beyond a failure and shows the replay', async () => {
      const it = await socket();
      const job = await submit(it);
      const error = { code: 'provider_error', message: 'no', retryable: false } as const;
      await fixture.stage.show(job, [{ event: 'job.failed', data: { error, dead_letter: 'dl' } }], {
        status: 'failed',
        error,
      });
      await it.ended(job);
      await fixture.stage.show(job, [{ event: 'job.replayed', data: { dead_letter: 'dl' } }], { status: 'running' });
      await fixture.stage.succeed(job, { text: 'x' });
      await it.event(job, 'job.succeeded');
      expect(it.seqs(job)).to.deep.equal([1, 2, 3, 4]);
    });

    it('shows a job once however often it is subscribed to, from where the last one said', async () => {
      const it = await socket();
      const job = await submit(it);
      await it.event(job, 'job.queued');
      it.send({ type: 'subscribe', id: '2', job, after: 1 });
      await it.next('subscribed');
      await fixture.stage.succeed(job, { text: 'x' });
      expect(await it.ended(job)).to.deep.equal([1, 2]);
    });

    it('shows nothing any more after an unsubscribe', async () => {
      const it = await socket();
      const job = await submit(it, GENERATE, 'gone');
      await it.event(job, 'job.queued');
      it.send({ type: 'unsubscribe', id: 'gone' });
      it.send({ type: 'ping' });
      await it.next('pong');
      await fixture.stage.succeed(job, { text: 'x' });
      const other = await submit(it, GENERATE, 'next');
      await fixture.stage.succeed(other, { text: 'x' });
      await it.ended(other);
      expect(it.seqs(job)).to.deep.equal([1]);
    });

    it('cancels a job', async () => {
      const it = await socket();
      const job = await submit(it);
      it.send({ type: 'cancel', id: 'c', job, reason: 'enough' });
      await it.next('accepted', ({ id }) => id === 'c');
      while (!fixture.stage.records.some((record) => record.job === job && record.event.type === 'job.cancel'))
        await new Promise((resolve) => setTimeout(resolve, 10));
    });

    it('shows what was pushed to nobody', async () => {
      const it = await socket();
      const job = await submit(it);
      await it.event(job, 'job.queued');
      fixture.stage.mute = true;
      await fixture.stage.succeed(job, { text: 'x' });
      fixture.stage.mute = false;
      expect(await it.ended(job)).to.deep.equal([1, 2]);
    });

    it('has vectors as numbers', async () => {
      const it = await socket();
      const job = await submit(it, EMBED);
      const vector = Buffer.from(Float32Array.from([1, 2]).buffer).toString('base64');
      await fixture.stage.succeed(job, { model: 'm', dimensions: 2, vectors: [vector] });
      await it.ended(job);
      expect(it.frames.at(-1)?.data.result.vectors).to.deep.equal([[1, 2]]);
    });
  });

  describe('refuses, and goes on', () => {
    const cases: [what: string, frame: Record<string, unknown>, code: string, pointer?: string][] = [
      [
        'a job with a wrong type in it',
        { type: 'submit', job: { type: 'embed', input: { texts: 1 } } },
        'validation_failed',
        '/job/input/texts',
      ],
      ['an unknown field', { type: 'submit', job: EMBED, colour: 1 }, 'validation_failed', '/colour'],
      ['a subscription after nonsense', { type: 'subscribe', job: 'job_1', after: 'x' }, 'validation_failed', '/after'],
      [
        'an unknown job',
        { type: 'subscribe', job: newId('job').replace('job_0', 'job_00').slice(0, 40) },
        'job_not_found',
      ],
      ['to cancel an unknown job', { type: 'cancel', job: 'job_1' }, 'job_not_found'],
    ];
    for (const [what, frame, code, pointer] of cases) {
      it(what, async () => {
        const it = await socket();
        it.send({ id: 'e', ...frame });
        const { id, problem } = await it.next('error');
        expect([id, problem.code]).to.deep.equal(['e', code]);
        if (pointer !== undefined) expect(problem.errors[0].pointer).to.equal(pointer);
        it.send({ type: 'ping' });
        await it.next('pong');
      });
    }

    it('a foreign job', async () => {
      const { body } = await client(fixture.url, BOB).post('/v1/jobs', EMBED);
      await fixture.stage.job(body.id);
      const it = await socket();
      it.send({ type: 'subscribe', id: 'f', job: body.id });
      expect((await it.next('error')).problem.code).to.equal('job_not_found');
    });
  });

  describe('closes', () => {
    const bad: [what: string, sent: string | Buffer][] = [
      ['binary garbage', Buffer.from([0, 1, 2, 255])],
      ['what is not JSON', '{"type":'],
      ['what is not an object', '[]'],
      ['an unknown frame', '{"type":"dance","id":"1"}'],
      ['a frame without its id', '{"type":"subscribe","job":"job_1"}'],
      ['deep nonsense', `{"type":"submit","job":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ];
    for (const [what, sent] of bad) {
      it(`on ${what}: 4400`, async () => {
        const it = await socket();
        it.socket.send(sent);
        expect(await it.closed).to.equal(4400);
      });
    }

    it('on a frame over 1 MiB: 1009', async () => {
      const it = await socket();
      it.socket.send('x'.repeat(1024 * 1024 + 1));
      expect(await it.closed).to.equal(1009);
    });

    it('on too many subscriptions: 4429', async () => {
      const it = await socket();
      for (let n = 0; n < 8; n += 1) await submit(it, GENERATE, String(n));
      it.send({ type: 'submit', id: 'more', job: GENERATE });
      expect(await it.closed).to.equal(4429);
    });

    it('on a reader that stands still: 4413, and it loses nothing', async () => {
      const it = await socket();
      const job = await submit(it);
      await it.event(job, 'job.queued');
      it.socket.pause();
      const text = 'x'.repeat(100_000);
      for (let n = 0; n < 150; n += 1) await fixture.stage.delta(job, n, text);
      await fixture.stage.succeed(job, { text: 'x' });
      await new Promise((resolve) => setTimeout(resolve, 600));
      it.socket.resume();
      expect(await it.closed).to.equal(4413);
      const seen = it.seqs(job);
      expect(seen.length).to.be.below(152);
      const again = await socket();
      again.send({ type: 'subscribe', id: '2', job, after: seen.at(-1) });
      expect([...seen, ...(await again.ended(job))]).to.deep.equal(upTo(152));
    });

    it('on a client that never answers: 4408', async () => {
      const other = await fixture.another({ limits: { heartbeatMs: 50 } });
      const it = await openSocket(other.url, { authorization: `Bearer ${ANN}` }, { autoPong: false });
      expect(await it.closed).to.equal(4408);
    });
  });

  describe('opens', () => {
    it('with a ticket, for the holder of the key that got it', async () => {
      const { status, body } = await ann.post('/v1/tickets');
      expect(status).to.equal(201);
      expect(Date.parse(body.expires_at) - Date.now()).to.be.within(50_000, 60_000);
      const it = await openSocket(fixture.url, {}, {}, `?ticket=${body.ticket}`);
      const job = await submit(it);
      expect((await ann.get(`/v1/jobs/${job}`)).status).to.equal(200);
    });

    it('with a key in the address, from this machine only', async () => {
      const it = await openSocket(fixture.url, {}, {}, `?key=${ANN}`);
      await it.next('hello');
      await refused(fixture.url, { origin: 'https://elsewhere.example' }, `?key=${ANN}`, 403);
    });

    it('not without a key, with a wrong one, or with a ticket that is forged: 401', async () => {
      const { body } = await ann.post('/v1/tickets');
      const [claim, signature] = (body.ticket as string).split('.');
      const forged = Buffer.from(JSON.stringify({ owner: 'root', expires: Date.now() + 9e9 })).toString('base64url');
      await refused(fixture.url, {}, '', 401);
      await refused(fixture.url, { authorization: 'Bearer wrong-key-0000' }, '', 401);
      for (const ticket of ['x', '', `${forged}.${signature}`, `${claim}.`, `${claim}.x`])
        await refused(fixture.url, {}, `?ticket=${ticket}`, 401);
    });

    it('not in another protocol, elsewhere, or too often', async () => {
      const headers = { authorization: `Bearer ${ANN}` };
      await refused(fixture.url, headers, '', 400, 'soap.v1');
      await refused(fixture.url.concat('/v1/elsewhere#'), headers, '', 404);
      for (let n = 0; n < LIMITS.socketsPerKey; n += 1) await socket();
      await refused(fixture.url, headers, '', 429);
      await (await socket(BOB)).next('hello');
    });

    it('not over plain HTTP: 426, nor at an address that is none', async () => {
      const { status, body, headers } = await ann.get('/v1/ws');
      expect([status, body.code, headers.get('upgrade')]).to.deep.equal([426, 'upgrade_required', 'websocket']);
      const { hostname, port } = new URL(fixture.url);
      const answer = await new Promise<string>((resolve, reject) => {
        const connection = connect(Number(port), hostname);
        connection.once('data', (data) => resolve(String(data))).once('error', reject);
        connection.write('GET // HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      });
      expect(answer).to.match(/^HTTP\/1\.1 400/);
    });

    it('and survives a client that hangs up in mid-handshake', async () => {
      const { hostname, port } = new URL(fixture.url);
      const connection = connect(Number(port), hostname);
      connection.write('GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      connection.resetAndDestroy();
      expect((await ann.get('/livez')).status).to.equal(200);
    });
  });

  it('says goodbye when the gateway drains: going_away, then 1001', async () => {
    const other = await fixture.another({});
    const it = await openSocket(other.url, { authorization: `Bearer ${ANN}` });
    const job = await submit(it);
    const stream = await fetch(`${other.url}/v1/jobs/${job}/events`, {
      headers: { authorization: `Bearer ${ANN}`, accept: 'text/event-stream' },
    });
    const polling = client(other.url).get(`/v1/jobs/${job}?wait=30`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const closing = other.server.close();
    expect((await it.next('going_away')).reconnect_in_ms).to.be.within(0, 2000);
    expect(await it.closed).to.equal(1001);
    expect(await stream.text()).to.contain('job.queued');
    expect((await polling).body.status).to.equal('queued');
    await closing;
  });
});

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const ENDS = new Set(['job.succeeded', 'job.failed', 'job.cancelled']);

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
type Frame = Record<string, any>;

const open: WebSocket[] = [];
type Client = Awaited<ReturnType<typeof openSocket>>;

async function openSocket(
  url: string,
  headers: Record<string, string>,
  options: WebSocket.ClientOptions = {},
  query = '',
) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws${query}`, 'warren.v1', { headers, ...options });
  open.push(socket);
  const frames: Frame[] = [];
  const looks = new Set<() => void>();
  socket.on('message', (text) => {
    frames.push(JSON.parse(String(text)) as Frame);
    for (const look of looks) look();
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  const until = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        looks.delete(look);
        resolve(found);
      };
      looks.add(look);
      look();
    });
  const eventsOf = (job: string) => frames.filter((frame) => frame.type === 'event' && frame.job === job);
  const seqs = (job: string): number[] => eventsOf(job).map(({ seq }) => seq as number);
  const taken = new Set<Frame>();
  return {
    socket,
    frames,
    closed,
    seqs,
    send: (frame: unknown) => socket.send(JSON.stringify(frame)),
    /** The next frame of a type that was not taken yet. */
    next: (type: string, fits: (frame: Frame) => boolean = () => true) =>
      until(() => {
        const found = frames.find((frame) => frame.type === type && !taken.has(frame) && fits(frame));
        if (found !== undefined) taken.add(found);
        return found;
      }),
    event: (job: string, name: string) => until(() => eventsOf(job).find(({ event }) => event === name)),
    /** Numbers of the events of a job, once it has ended. */
    ended: (job: string) => until(() => (eventsOf(job).some(({ event }) => ENDS.has(event)) ? seqs(job) : undefined)),
  };
}

/** Expects a plain HTTP refusal of the upgrade. */
async function refused(
  url: string,
  headers: Record<string, string>,
  query: string,
  status: number,
  protocol = 'warren.v1',
): Promise<void> {
  const socket = new WebSocket(
    `${url.replace('http', 'ws').replace('#', '')}${url.endsWith('#') ? '' : '/v1/ws'}${query}`,
    protocol,
    { headers },
  );
  const answered = await new Promise<number | undefined>((resolve, reject) => {
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.once('open', () => reject(new Error('the socket was opened')));
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  socket.terminate();
  expect(answered).to.equal(status);
}
