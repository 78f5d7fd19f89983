import { expect } from 'chai';
import { AbortedError } from '../../shared/bus/errors.ts';
import { eventually } from '../support/eventually.ts';
import { gate } from './bench.ts';
import { eachWay } from './each-way.ts';

eachWay('its end', ({ concurrency, stage }) => {
  it('drains when it is closed: what runs ends, what waits goes back', async () => {
    const { bus, heard, serve, command, depth } = await stage();
    const slow = gate();
    const begun: string[] = [];
    const serving = await serve(async ({ batch }) => {
      begun.push(batch);
      await slow.opened;
    });
    const commands = Array.from({ length: 30 }, (_, n) => command({ part: String(n) }));
    await bus.send(commands);
    await eventually(() => begun.length === concurrency, { within: 5000, what: 'all slots to be busy' });
    expect(serving.busy()).to.equal(concurrency);
    const closed = serving.close();
    slow.open();
    await closed;
    expect(begun).to.have.length(concurrency);
    expect(await depth('normal')).to.equal(30 - concurrency);
    await heard.until(
      'what ran',
      (records) => records.filter(({ event }) => event.type === 'texts.embedded').length === concurrency,
    );
  });

  it('aborts what does not end in time, and gives it back', async () => {
    const { bus, serve, command, depth } = await stage();
    let reason: unknown;
    const serving = await serve(
      async (_body, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        reason = signal.reason;
        throw signal.reason;
      },
      { drainMs: 100 },
    );
    await bus.send([command()]);
    await eventually(() => serving.busy() === 1, { within: 5000, what: 'the run' });
    await serving.close();
    expect(reason).to.be.instanceOf(AbortedError).with.property('reason', 'shutdown');
    expect(await depth('normal')).to.equal(1);
  });
});
