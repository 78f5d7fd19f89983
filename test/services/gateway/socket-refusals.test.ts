import { expect } from 'chai';
import { newId } from '../../../shared/ids.ts';
import { ANN, BOB, client, EMBED, GENERATE } from './fixture.ts';
import { socketSuite } from './socket-suite.ts';

describe('gateway: the WebSocket', () => {
  const { fixture, socket, submit } = socketSuite();

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

    it('an id that stands for a job under way, which is shown to its end', async () => {
      const it = await socket();
      const job = await submit(it, GENERATE, 'one');
      const other = (await client(fixture.url, ANN).post('/v1/jobs', EMBED)).body.id;
      it.send({ type: 'submit', id: 'one', job: EMBED });
      it.send({ type: 'subscribe', id: 'one', job: other });
      for (let n = 0; n < 2; n += 1) {
        const { id, problem } = await it.next('error');
        expect([id, problem.code, problem.errors[0].pointer]).to.deep.equal(['one', 'validation_failed', '/id']);
        expect(problem.detail).to.contain(job);
      }
      it.send({ type: 'subscribe', id: 'one', job, after: 1 });
      expect((await it.next('subscribed')).job).to.equal(job);
      await fixture.stage.succeed(job, { text: 'x' });
      expect(await it.ended(job)).to.deep.equal([1, 2]);
      expect(await submit(it, GENERATE, 'one'), 'the id is free again').not.to.equal(job);
    });

    it('an id that a frame before it has, still unanswered', async () => {
      const it = await socket();
      for (const wish of [GENERATE, EMBED]) it.send({ type: 'submit', id: 'twin', job: wish });
      expect((await it.next('error')).problem.detail).to.contain('another frame');
      expect((await it.next('accepted')).job.type).to.equal('generate');
    });

    it('no id of a job whose end was seen before', async () => {
      const { body } = await client(fixture.url, ANN).post('/v1/jobs', EMBED);
      await fixture.stage.succeed(body.id, {});
      const it = await socket();
      it.send({ type: 'subscribe', id: 'seen', job: body.id, after: 2 });
      await it.next('subscribed');
      await submit(it, GENERATE, 'seen');
    });

    it('no id whose frame was refused, or that was unsubscribed', async () => {
      const it = await socket();
      it.send({ type: 'subscribe', id: 'free', job: 'job_1' });
      expect((await it.next('error')).problem.code).to.equal('job_not_found');
      await submit(it, GENERATE, 'free');
      it.send({ type: 'unsubscribe', id: 'free' });
      await submit(it, GENERATE, 'free');
    });

    it('a foreign job', async () => {
      const { body } = await client(fixture.url, BOB).post('/v1/jobs', EMBED);
      await fixture.stage.job(body.id);
      const it = await socket();
      it.send({ type: 'subscribe', id: 'f', job: body.id });
      expect((await it.next('error')).problem.code).to.equal('job_not_found');
    });
  });
});
