import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { eachWay } from './each-way.ts';

eachWay('its lanes', ({ concurrency, here, stage }) => {
  it('lets high overtake 300 low, and low move while high never ends', async () => {
    const { bus, serve, command } = await stage();
    const order: string[] = [];
    const low = Array.from({ length: 300 }, (_, n) => command({ part: `low${n}`, priority: 'low' }));
    await bus.send(low);
    await bus.send(Array.from({ length: 170 }, (_, n) => command({ part: `high${n}`, priority: 'high' })));
    await serve(async ({ batch }) => {
      order.push(batch);
      await new Promise((resolve) => setTimeout(resolve, 5));
    });
    await eventually(() => order.length >= 180, { within: 15_000, what: '180 commands' });
    const first = order.slice(0, 170);
    expect(first.filter((part) => part.startsWith('high')).length).to.be.within(150, 168);
    expect(first.filter((part) => part.startsWith('low')).length).to.be.within(5, 20);
    await bus.send([command({ part: 'late', priority: 'high' })]);
    const before = order.length;
    await eventually(() => order.includes('late'), { within: 5000, what: 'the late one' });
    expect(order.indexOf('late') - before).to.be.at.most(3 * concurrency);
    expect(before).to.be.below(400);
  });

  it('wakes up for any lane', async () => {
    const { bus, heard, serve, command } = await stage();
    await serve(async () => {});
    for (const priority of ['low', 'high', 'normal', 'low'] as const) {
      const wish = command({ priority });
      await bus.send([wish]);
      await heard.until(`the ${priority} one`, () => heard.types(wish.job).length > 0, 5000);
    }
  });

  it('comes back when a lane is deleted', async () => {
    const { bus, heard, serve, command, pool } = await stage();
    await serve(async () => {});
    const before = command();
    await bus.send([before]);
    await heard.until('the first result', () => heard.types(before.job).length > 0);
    await here.vhost.api('DELETE', `queues/${here.vhost.name}/embedder.${pool}.normal`);
    const wish = command();
    await bus.send([wish]);
    await heard.until('the result', () => heard.types(wish.job).includes('texts.embedded'));
  });
});
