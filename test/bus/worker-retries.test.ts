import { expect } from 'chai';
import { rungMessage } from '../../shared/bus/conclude.ts';
import { OutageError, RetryableError } from '../../shared/bus/errors.ts';
import { eventually } from '../support/eventually.ts';
import { bodyOf, publishRaw } from './bench.ts';
import { eachWay } from './each-way.ts';

eachWay('retries and outages', ({ name, here, stage }) => {
  const { use } = here;

  it('tries again after a second, and says so first', async () => {
    const { bus, heard, serve, command } = await stage();
    const attempts: { attempt: number; at: number }[] = [];
    await serve(async (_body, work) => {
      attempts.push({ attempt: work.command.attempt, at: Date.now() });
      if (work.command.attempt === 1) throw new RetryableError('provider_error', 'hiccup', { provider: 'test' });
    });
    const wish = command({ part: 'p' });
    await bus.send([wish]);
    await heard.until('the result', () => heard.types(wish.job).includes('texts.embedded'));
    expect(attempts.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
    expect((attempts[1]?.at ?? 0) - (attempts[0]?.at ?? 0)).to.be.within(950, 3000);
    expect(heard.types(wish.job)).to.deep.equal(['command.retrying', 'texts.embedded']);
    expect(bodyOf(heard.ofJob(wish.job)[0])).to.deep.equal({
      command: wish.id,
      stage: 'texts.embed',
      part: 'p',
      attempt: 2,
      delay_ms: 1000,
      error: { code: 'provider_error', message: 'hiccup', retryable: true, attempts: 1, provider: 'test' },
    });
  });

  it('leaves a provider alone for as long as it asked, spending no attempt', async () => {
    const { serve, command } = await stage();
    const runs: { attempt: number; at: number }[] = [];
    await serve(async (_body, { command: { attempt } }) => void runs.push({ attempt, at: Date.now() }));
    const notBefore = Date.now() + 1900;
    await publishRaw(here.vhost.amqpUrl, rungMessage(command({ attempt: 2 }), 1, notBefore));
    await eventually(() => runs.length > 0, { within: 15_000, what: 'the run' });
    expect(runs.map(({ attempt }) => attempt)).to.deep.equal([2]);
    expect(runs[0]?.at).to.be.at.least(notBefore - 500);
  });

  it('gives up after the last attempt', async () => {
    const { bus, heard, serve, command } = await stage();
    use(await bus.readDead());
    let runs = 0;
    await serve(async () => {
      runs += 1;
      throw new Error('odd');
    });
    const wish = command({ max_attempts: 2 });
    await bus.send([wish]);
    await heard.until('the failure', () => heard.types(wish.job).includes('command.failed'));
    expect(runs).to.equal(2);
    expect(bodyOf(heard.ofJob(wish.job).at(-1)).error).to.include({
      code: 'attempts_exhausted',
      message: 'odd',
      attempts: 2,
    });
  });

  it('pauses the lanes for an outage, spending no attempt', async () => {
    const { bus, heard, serve, command } = await stage();
    const runs: { at: number; attempt: number }[] = [];
    let out = true;
    await serve(
      async (_body, { command: { attempt } }) => {
        runs.push({ at: Date.now(), attempt });
        if (out) {
          out = false;
          throw new OutageError('test', 'out', 1500);
        }
      },
      { concurrency: name === 'pushed' ? 9 : 1 },
    );
    const commands = Array.from({ length: 20 }, () => command({ max_attempts: 1 }));
    const startedAt = Date.now();
    await bus.send(commands.slice(0, 1));
    await eventually(() => runs.length === 1, { within: 5000, what: 'the outage' });
    await bus.send(commands.slice(1));
    await heard.until('all results', () => commands.every(({ job }) => heard.types(job).includes('texts.embedded')));
    expect(runs.map(({ attempt }) => attempt)).to.deep.equal(Array(21).fill(1));
    const resumedAt = runs[1]?.at ?? 0;
    expect(resumedAt - startedAt).to.be.at.least(1500);
    const [first, ...others] = commands.map(({ job }) => heard.types(job));
    expect(first).to.deep.equal(['command.retrying', 'texts.embedded']);
    expect(others.flat()).to.deep.equal(Array(19).fill('texts.embedded'));
  });
});
