import { expect } from 'chai';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { EventPage } from '../../../services/gateway/api/job.ts';
import type { StoredEvent } from '../../../shared/messages/client-event.ts';
import { ANN, BOB, client, EMBED, type Fixture, GENERATE, START_TIMEOUT_MS, startFixture } from './fixture.ts';

describe('gateway: the events of a job', () => {
  let fixture: Fixture;
  let ann: ReturnType<typeof client>;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    fixture = await startFixture({ limits: { netMs: 300, sendBufferBytes: 64 * 1024, stallMs: 400 } });
    ann = client(fixture.url);
  });
  after(() => fixture?.stop());

  const begin = async (wish: unknown = GENERATE): Promise<string> => {
    const { body } = await ann.post('/v1/jobs', wish);
    await fixture.stage.job(body.id);
    return body.id;
  };

  describe('as pages', () => {
    it('come in order, after the number given', async () => {
      const id = await begin();
      for (let n = 0; n < 4; n += 1) await fixture.stage.delta(id, n, 'x');
      const { body } = await ann.get(`/v1/jobs/${id}/events?after=1&limit=2`, { accept: 'application/json' });
      expect(EventPage.parse(body).data.map(({ seq }) => seq)).to.deep.equal([2, 3]);
      expect(body).to.deep.include({ has_more: true, next_cursor: '3' });
      const rest = await ann.get(`/v1/jobs/${id}/events?after=3`);
      expect(rest.body.data.map(({ seq }: { seq: number }) => seq)).to.deep.equal([4, 5]);
      expect(rest.body).to.deep.include({ has_more: false, next_cursor: null });
    });
  });

  describe('as a stream', () => {
    it('tell a HEAD their headers at once', async () => {
      const id = await begin();
      const { status, headers, body } = await ann.call('HEAD', `/v1/jobs/${id}/events`, undefined, {
        accept: 'text/event-stream',
      });
      expect([status, body]).to.deep.equal([200, '']);
      expect(headers.get('content-type')).to.equal('text/event-stream; charset=utf-8');
    });

    it('that are asked for from beyond the end come to an end with the job all the same', async () => {
      const id = await begin();
      const stream = await openStream(fixture.url, id, { 'last-event-id': '50' });
      await fixture.stage.succeed(id, { text: 'x' });
      expect(await stream.rest()).to.deep.equal([]);
    });

    it('are shown from the first, go on live, and end with the job', async () => {
      const id = await begin();
      const stream = await openStream(fixture.url, id);
      expect(await stream.next()).to.deep.include({ id: '1', event: 'job.queued' });
      await fixture.stage.delta(id, 0, 'Hello');
      const { data } = await stream.next();
      expect(JSON.parse(data)).to.deep.include({
        job: id,
        seq: 2,
        event: 'output.delta',
        data: { run: 'r1', offset: 0, text: 'Hello' },
      });
      await fixture.stage.succeed(id, { text: 'Hello' });
      expect(await stream.rest()).to.deep.equal([3]);
    });

    it('go on after the last number seen, in the middle of a generation', async () => {
      const id = await begin();
      for (let n = 0; n < 5; n += 1) await fixture.stage.delta(id, n, String(n));
      const first = await openStream(fixture.url, id);
      for (let n = 0; n < 4; n += 1) await first.next();
      first.cut();
      const writing = (async () => {
        for (let n = 5; n < 300; n += 1) await fixture.stage.delta(id, n, '.');
        await fixture.stage.succeed(id, { text: 'all' });
      })();
      const second = await openStream(fixture.url, id, { 'last-event-id': '4' });
      expect(await second.rest()).to.deep.equal(upTo(302).slice(4));
      await writing;
    });

    it('come although their pushes are lost', async () => {
      const id = await begin();
      const stream = await openStream(fixture.url, id);
      await stream.next();
      fixture.stage.mute = true;
      await fixture.stage.delta(id, 0, 'unheard');
      await fixture.stage.delta(id, 7, 'too');
      fixture.stage.mute = false;
      await fixture.stage.delta(id, 10, 'heard');
      expect([await stream.next(), await stream.next(), await stream.next()].map((event) => event.id)).to.deep.equal([
        '2',
        '3',
        '4',
      ]);
      fixture.stage.mute = true;
      await fixture.stage.succeed(id, { text: 'x' });
      fixture.stage.mute = false;
      expect(await stream.rest(), 'nothing is pushed after the last one').to.deep.equal([5]);
    });

    it('are sent once, in order, when pushes come twice and late', async () => {
      const id = await begin();
      const stream = await openStream(fixture.url, id);
      await stream.next();
      fixture.stage.mute = true;
      const stored = [
        ...(await fixture.stage.delta(id, 0, 'a')),
        ...(await fixture.stage.delta(id, 1, 'b')),
        ...(await fixture.stage.succeed(id, { text: 'ab' })),
      ];
      fixture.stage.mute = false;
      const [a, b, end] = stored;
      if (a === undefined || b === undefined || end === undefined) throw new Error('three were stored');
      fixture.gateway.hub.events([b, a, b, end, a]);
      expect(await stream.rest()).to.deep.equal([2, 3, 4]);
    });

    it('are read when they were too large to be pushed', async () => {
      const id = await begin();
      const stream = await openStream(fixture.url, id);
      await stream.next();
      fixture.stage.mute = true;
      const [{ data, ...bare }] = (await fixture.stage.succeed(id, { text: 'all of it' })) as [StoredEvent];
      fixture.stage.mute = false;
      fixture.gateway.hub.events([bare]);
      expect(JSON.parse((await stream.next()).data)).to.deep.include({ event: 'job.succeeded', data });
    });

    it('are over at once, with 204, for whoever has seen the end', async () => {
      const id = await begin();
      await fixture.stage.succeed(id, { text: 'x' });
      const answer = await fetch(`${fixture.url}/v1/jobs/${id}/events?after=2`, {
        headers: { authorization: `Bearer ${ANN}`, accept: 'text/event-stream' },
      });
      expect(answer.status).to.equal(204);
      const stream = await openStream(fixture.url, id, { 'last-event-id': '1' });
      expect(await stream.rest()).to.deep.equal([2]);
    });

    it('of a job that was replayed are shown beyond its first end', async () => {
      const id = await begin();
      const error = { code: 'provider_error', message: 'no', retryable: false } as const;
      await fixture.stage.show(id, [{ event: 'job.failed', data: { error } }], { status: 'failed', error });
      await fixture.stage.show(id, [{ event: 'job.replayed', data: { dead_letter: 'dl' } }], { status: 'running' });
      const stream = await openStream(fixture.url, id);
      for (let n = 0; n < 3; n += 1) await stream.next();
      await fixture.stage.succeed(id, { text: 'x' });
      expect(await stream.rest()).to.deep.equal([4]);
    });

    it('show vectors as numbers', async () => {
      const id = await begin(EMBED);
      const vector = Buffer.from(Float32Array.from([1, 2]).buffer).toString('base64');
      await fixture.stage.succeed(id, { model: 'm', dimensions: 2, vectors: [vector] });
      const stream = await openStream(fixture.url, id, { 'last-event-id': '1' });
      expect(JSON.parse((await stream.next()).data).data.result.vectors).to.deep.equal([[1, 2]]);
      const { body } = await ann.get(`/v1/jobs/${id}/events?after=1`);
      expect(body.data[0].data.result.vectors).to.deep.equal([[1, 2]]);
    });

    it('wait for a reader that is slow, and give up one that stands still', async () => {
      const id = await begin();
      const text = 'x'.repeat(100_000);
      for (let n = 0; n < 150; n += 1) await fixture.stage.delta(id, n, text);
      const stalled = await fetch(`${fixture.url}/v1/jobs/${id}/events`, {
        headers: { authorization: `Bearer ${ANN}`, accept: 'text/event-stream' },
      });
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const seen = (await stalled.text().catch((error: Error) => error.message)) as string;
      expect(seen).to.match(/terminated|aborted/);
      await fixture.stage.succeed(id, { text: 'x' });
      const steady = await openStream(fixture.url, id);
      expect(await steady.rest()).to.deep.equal(upTo(152));
    });

    it('are not for others', async () => {
      const id = await begin();
      const { status } = await client(fixture.url, BOB).get(`/v1/jobs/${id}/events`, { accept: 'text/event-stream' });
      expect(status).to.equal(404);
    });
  });
});

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** A reader of one stream. */
async function openStream(url: string, job: string, headers: Record<string, string> = {}) {
  const cut = new AbortController();
  const answer = await fetch(`${url}/v1/jobs/${job}/events`, {
    headers: { authorization: `Bearer ${ANN}`, accept: 'text/event-stream', ...headers },
    signal: AbortSignal.any([cut.signal, AbortSignal.timeout(20_000)]),
  });
  expect(answer.status).to.equal(200);
  expect(answer.headers.get('content-type')).to.contain('text/event-stream');
  const found: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => found.push(event) });
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  const more = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    if (!done) parser.feed(decoder.decode(value, { stream: true }));
    return !done;
  };
  return {
    cut: () => cut.abort(),
    async next(): Promise<EventSourceMessage> {
      while (found.length === 0) if (!(await more())) throw new Error('the stream ended');
      return found.shift() as EventSourceMessage;
    },
    /** Numbers of all events up to the end of the stream. */
    async rest(): Promise<number[]> {
      while (await more());
      return found.splice(0).map(({ id }) => Number(id));
    },
  };
}
