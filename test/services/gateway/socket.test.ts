import { expect } from 'chai';
import { ServerFrame } from '../../../services/gateway/socket/frames.ts';
import { EMBED, GENERATE } from './fixture.ts';
import { upTo } from './socket-client.ts';
import { socketSuite } from './socket-suite.ts';

describe('gateway: the WebSocket', () => {
  const { fixture, ann, socket, submit } = socketSuite();

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
});
