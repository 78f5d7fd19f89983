import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import { AnswerDelta } from '../../shared/messages/answering.ts';
import type { Command } from '../../shared/messages/command.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/proxy.ts';
import { bodyOf, embedder, gate } from './bench.ts';
import { eachWay } from './each-way.ts';

eachWay('what it carries out', ({ concurrency, here, stage }) => {
  const { use, connect } = here;
  const jobs = (commands: readonly Command[]) => commands.map(({ job }) => job);

  it('carries out commands and tells their journals', async () => {
    const { bus, heard, serve, command } = await stage();
    await serve(async () => {});
    const commands = Array.from({ length: 30 }, () => command());
    await bus.send(commands);
    await heard.until('all results', () => commands.every(({ job }) => heard.ofJob(job).length > 0));
    expect(jobs(commands).map((job) => heard.ofJob(job).map(({ id }) => id))).to.deep.equal(
      jobs(commands).map((job) => [`${job}/texts.embedded/0`]),
    );
  });

  it('tells that a slow command has started, and in order what it says', async () => {
    const { bus, heard, serve, command } = await stage();
    await serve(async (_body, { tell }) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (let n = 0; n < 200; n += 1) await tell(AnswerDelta({ run: 'r', offset: n, text: 'x' }), String(n));
    });
    const wish = command();
    await bus.send([wish]);
    await heard.until('the result', () => heard.types(wish.job).includes('texts.embedded'));
    expect(heard.types(wish.job)).to.deep.equal([
      'command.started',
      ...Array(200).fill('answer.delta'),
      'texts.embedded',
    ]);
    const deltas = heard.ofJob(wish.job).slice(1, -1);
    expect(deltas.map((delta) => bodyOf(delta).offset)).to.deep.equal([...Array(200).keys()]);
  });

  it('joins a redelivery to the work that still goes on', async () => {
    const { heard, pool, command, bus } = await stage();
    const proxy = use(await startProxy(here.vhost.amqpUrl));
    const cut = await connect({ url: proxy.url });
    const slow = gate();
    const begun: string[] = [];
    const handler = embedder(async ({ batch }) => {
      begun.push(batch);
      if (batch === 'slow') await slow.opened;
    });
    const serving = use(await cut.serve({ service: 'embedder', pool, concurrency, handlers: [handler] }));
    const wish = command({ part: 'slow' });
    await bus.send([wish]);
    await eventually(() => begun.length === 1, { within: 5000, what: 'the run' });
    proxy.cut();
    await eventually(() => !cut.health().connected, { within: 5000, what: 'the cut' });
    // Behind the redelivery in the lane, so it begins only when that has been picked up.
    await bus.send([command({ part: 'behind' })]);
    await eventually(() => begun.includes('behind'), { within: 10_000, what: 'the command behind it' });
    slow.open();
    await heard.until('the result', () => heard.types(wish.job).length > 0);
    await eventually(() => serving.busy() === 0, { within: 5000, what: 'the worker to be idle' });
    await serving.close();
    expect(begun).to.deep.equal(['slow', 'behind']);
    expect(heard.types(wish.job)).to.deep.equal(['command.started', 'texts.embedded']);
    expect((await bus.queues()).find((queue) => queue.name === `embedder.${pool}.normal`)?.depth).to.equal(0);
  });

  it('knows the difference between jobs', async () => {
    const { bus, heard, serve, command } = await stage();
    const job = newId('job');
    await serve(async () => {});
    await bus.send([command({ job, part: 'a' }), command({ job, part: 'b' })]);
    await heard.until('both parts', () => heard.ofJob(job).length === 2);
    expect(heard.ofJob(job).map(({ id }) => id)).to.have.members([
      `${job}/texts.embedded/a`,
      `${job}/texts.embedded/b`,
    ]);
  });

  it('tells that it is alive, and how busy', async () => {
    const { bus, serve, pool, command } = await stage();
    const alive: { pool: string; busy: number; id: string }[] = [];
    const listener = await bus.onPush({ events: () => {}, alive: (worker) => alive.push(worker), resync: () => {} });
    use(listener);
    const slow = gate();
    await bus.send([command()]);
    await serve(() => slow.opened);
    await eventually(() => alive.some((worker) => worker.pool === pool && worker.busy === 1), {
      within: 8000,
      what: 'a busy worker',
    });
    slow.open();
  });
});
