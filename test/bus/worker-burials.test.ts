import { expect } from 'chai';
import { deadLetterId } from '../../shared/bus/dead-letter.ts';
import { TerminalError } from '../../shared/bus/errors.ts';
import { AnswerDelta } from '../../shared/messages/answering.ts';
import { eventually } from '../support/eventually.ts';
import { bodyOf } from './bench.ts';
import { eachWay } from './each-way.ts';

eachWay('what cannot be done', ({ here, stage }) => {
  const { use } = here;

  it('buries a terminal error and tells the job', async () => {
    const { bus, heard, serve, command, pool } = await stage();
    use(await bus.readDead());
    await serve(async () => {
      throw new TerminalError('model_not_found', 'no such model', { provider: 'test' });
    });
    const wish = command();
    await bus.send([wish]);
    await heard.until('the failure', () => heard.types(wish.job).includes('command.failed'));
    const [letter] = await bus.deadLetters.list({ queue: `embedder.${pool}.normal` });
    expect(bodyOf(heard.ofJob(wish.job)[0])).to.deep.include({
      command: wish.id,
      stage: 'texts.embed',
      dead_letter: deadLetterId(wish.job, wish.id),
      replay: 0,
      body: wish.body,
    });
    expect(letter).to.deep.include({
      id: deadLetterId(wish.job, wish.id),
      job: wish.job,
      command: wish.id,
      type: 'texts.embed',
      reason: 'failed',
      attempts: 1,
      replayable: true,
      body: wish.body,
    });
    expect(letter?.error).to.deep.include({ code: 'model_not_found', message: 'no such model', retryable: false });
  });

  it('buries unknown types, bodies that do not fit, and what is no command at all', async () => {
    const { bus, heard, serve, command, pool } = await stage();
    use(await bus.readDead());
    await serve(async () => {});
    const lane = `embedder.${pool}.normal`;
    const wrong = command({ body: { texts: 'no array' } });
    await bus.send([wrong]);
    await here.vhost.api('POST', `exchanges/${here.vhost.name}/amq.default/publish`, {
      properties: {},
      routing_key: lane,
      payload: 'garbage',
      payload_encoding: 'string',
    });
    await heard.until('the failure', () => heard.types(wrong.job).includes('command.failed'));
    await eventually(async () => (await bus.deadLetters.list({ queue: lane })).length === 2, {
      within: 5000,
      what: 'both letters',
    });
    const letters = await bus.deadLetters.list({ queue: lane });
    expect(letters.map(({ error, replayable, job }) => [error.code, replayable, job])).to.have.deep.members([
      ['validation', true, wrong.job],
      ['validation', false, undefined],
    ]);
    const good = command();
    await bus.send([good]);
    await heard.until('the next command', () => heard.types(good.job).includes('texts.embedded'));
  });

  it('buries a result that no message can carry', async () => {
    const { bus, heard, serve, command } = await stage();
    use(await bus.readDead());
    await serve(async (_body, { tell, command: { job } }) => {
      await tell(AnswerDelta({ run: job, offset: 0, text: 'x'.repeat(1024 * 1024) }), '0');
    });
    const wish = command();
    await bus.send([wish]);
    await heard.until('the failure', () => heard.types(wish.job).includes('command.failed'));
    expect(heard.types(wish.job)).to.deep.equal(['command.failed']);
  });
});
