import { expect } from 'chai';
import { OutageError } from '../../shared/bus/errors.ts';
import { PRIORITIES } from '../../shared/messages/job.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/proxy.ts';
import { bench, embed, embedder, gate } from './bench.ts';

/** A little more than what a worker allows itself to give a command back. */
const TOO_LONG_MS = 7_000;

describe('a worker that the broker blocks', function () {
  this.timeout(60_000);
  const here = bench();
  let pools = 0;

  /** A worker behind a proxy which speaks in the broker's name, and a bus that is not blocked. */
  async function stage(concurrency: number, act: Parameters<typeof embedder>[0]) {
    const bus = await here.connect();
    const proxy = here.use(await startProxy(here.vhost.amqpUrl));
    const blocked = await here.connect({ url: proxy.url });
    pools += 1;
    const pool = `blocked${pools}`;
    const handlers = [embedder(act)];
    const serving = here.use(await blocked.serve({ service: 'embedder', pool, concurrency, handlers }));
    const block = async () => {
      proxy.tellBlocked('low on memory');
      await eventually(() => blocked.health().blocked !== undefined, { within: 5_000, what: 'the block' });
    };
    const ready = async () => {
      const lanes = (await bus.queues()).filter(({ name }) => name.startsWith(`embedder.${pool}.`));
      return lanes.reduce((sum, { depth }) => sum + depth, 0);
    };
    return { bus, proxy, pool, serving, block, ready };
  }

  const tooLong = () => new Promise((resolve) => setTimeout(resolve, TOO_LONG_MS));

  it('carries out later what it could not give back when its lanes paused', async () => {
    const ran = new Set<string>();
    const held = gate();
    let isOut = true;
    const { bus, proxy, pool, block, ready } = await stage(10, async ({ batch }) => {
      await held.opened;
      if (isOut) {
        isOut = false;
        throw new OutageError('test', 'out', 1_000);
      }
      ran.add(batch);
    });
    const parts = Array.from({ length: 30 }, (_, n) => `p${n}`);
    await bus.send(parts.map((part) => embed({ pool, part })));
    await eventually(async () => (await ready()) <= 10, { within: 10_000, what: 'the worker to hold some ahead' });
    await block();
    held.open();
    await tooLong();
    proxy.tellUnblocked();
    await eventually(() => ran.size === parts.length, { within: 15_000, what: 'all to be carried out' });
  });

  it('carries out later what came beside the command that woke it', async () => {
    const ran = new Set<string>();
    const { bus, proxy, pool, block, ready } = await stage(1, async ({ batch }) => void ran.add(batch));
    await block();
    proxy.slow(200); // so that all lanes have spoken before the worker can say that one is enough
    await bus.send(PRIORITIES.map((priority) => embed({ pool, part: priority, priority })));
    await eventually(() => ran.size > 0, { within: 10_000, what: 'the first one' });
    expect(await ready(), 'what is left in the lanes').to.equal(0);
    await tooLong();
    proxy.heal();
    proxy.tellUnblocked();
    await eventually(() => ran.size === 3, { within: 15_000, what: 'the others' });
  });

  it('leaves to others at its end what it could not give back, while it still carries out what it began', async () => {
    const slow = gate();
    let begun = 0;
    const { bus, proxy, pool, serving, block, ready } = await stage(10, async () => {
      begun += 1;
      await slow.opened;
    });
    await bus.send(Array.from({ length: 20 }, (_, n) => embed({ pool, part: `p${n}` })));
    await eventually(async () => begun === 10 && (await ready()) === 0, { within: 10_000, what: 'all to be taken' });
    await block();
    const closed = serving.close();
    await eventually(async () => (await ready()) === 10, { within: TOO_LONG_MS + 3_000, what: 'what was not begun' });
    expect(serving.busy()).to.equal(10);
    proxy.tellUnblocked();
    slow.open();
    await closed;
  });
});
