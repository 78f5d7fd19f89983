import { expect } from 'chai';
import { newId } from '../../../shared/ids.ts';
import { BOB, client, EMBED } from './fixture.ts';
import { socketSuite } from './socket-suite.ts';

describe('gateway: the WebSocket', () => {
  const { fixture, socket } = socketSuite();

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
});
