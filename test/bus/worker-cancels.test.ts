import { expect } from 'chai';
import { AbortedError } from '../../shared/bus/errors.ts';
import type { Work } from '../../shared/bus/handler.ts';
import { eventually } from '../support/eventually.ts';
import { eachWay } from './each-way.ts';

eachWay('cancels and deadlines', ({ stage }) => {
  it('drops commands of a cancelled job before they begin', async () => {
    const { bus, heard, serve, command } = await stage();
    const seen: string[] = [];
    const [unwanted, wanted] = [command({ part: 'unwanted' }), command({ part: 'wanted' })];
    await bus.cancelJob(unwanted.job, 0);
    await bus.send([unwanted, command({ part: 'overdue', deadline: Date.now() - 1 }), wanted]);
    await serve(async ({ batch }) => void seen.push(batch));
    await heard.until('the wanted one', () => heard.types(wanted.job).length > 0);
    await eventually(async () => seen.length > 0, { within: 1000, what: 'a run' });
    expect(seen).to.deep.equal(['wanted']);
  });

  it('lets a job that was replayed after its cancel go on, until it is cancelled again', async () => {
    const { bus, serve, command } = await stage();
    const running = new Set<string>();
    await serve(async ({ batch }, { signal }: Work) => {
      running.add(batch);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      running.delete(batch);
      throw signal.reason;
    });
    const before = command({ part: 'before' });
    const after = { ...command({ part: 'after', job: before.job }), id: `${before.id}/1`, replay: 1 };
    await bus.send([before, after]);
    await eventually(() => running.size === 2, { within: 5000, what: 'both runs' });
    await bus.cancelJob(before.job, 0);
    await eventually(() => !running.has('before'), { within: 5000, what: 'the end of the former life' });
    expect([...running]).to.deep.equal(['after']);
    await bus.cancelJob(before.job, 1);
    await eventually(() => running.size === 0, { within: 5000, what: 'the end of both' });
  });

  it('aborts the work of a cancelled job, and of one that is overdue', async () => {
    const { bus, serve, command, depth } = await stage();
    const reasons = new Map<string, unknown>();
    let running = 0;
    await serve(async ({ batch }, work: Work) => {
      running += 1;
      await new Promise((resolve) => work.signal.addEventListener('abort', resolve));
      reasons.set(batch, work.signal.reason);
      throw work.signal.reason;
    });
    const cancelled = command({ part: 'cancelled' });
    await bus.send([cancelled, command({ part: 'overdue', deadline: Date.now() + 600 })]);
    await eventually(() => running === 2, { within: 5000, what: 'both runs' });
    await bus.cancelJob(cancelled.job, 0);
    await eventually(() => reasons.size === 2, { within: 5000, what: 'both aborts' });
    expect(reasons.get('cancelled')).to.be.instanceOf(AbortedError).with.property('reason', 'cancelled');
    expect(reasons.get('overdue')).to.be.instanceOf(AbortedError).with.property('reason', 'overdue');
    expect(await depth('normal')).to.equal(0);
  });
});
