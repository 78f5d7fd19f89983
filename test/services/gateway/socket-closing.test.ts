import { expect } from 'chai';
import { ANN, client, GENERATE } from './fixture.ts';
import { openSocket, upTo } from './socket-client.ts';
import { socketSuite } from './socket-suite.ts';

describe('gateway: the WebSocket', () => {
  const { fixture, socket, submit } = socketSuite();

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

    for (const id of [1, null, '', 'x'.repeat(101), {}]) {
      it(`on the id ${JSON.stringify(id).slice(0, 20)}, and says what an id is`, async () => {
        const it = await socket();
        const why = new Promise<string>((resolve) => it.socket.once('close', (_, reason) => resolve(String(reason))));
        it.send({ type: 'submit', id, job: GENERATE });
        expect(await it.closed).to.equal(4400);
        expect(await why).to.equal('the id of a frame is a string of 1 to 100 characters');
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
