import { expect } from 'chai';
import type { ServeOptions } from '../../shared/bus/bus.ts';
import { eventually } from '../support/eventually.ts';
import { bench, embed, embedder, gate, hear } from './bench.ts';

describe('a worker whose commands weigh something', () => {
  const here = bench();
  const { use, connect } = here;
  let pools = 0;

  /** A worker whose commands end when the test says so. */
  async function stage(slots: Pick<ServeOptions, 'concurrency' | 'room' | 'express'>) {
    const bus = await connect();
    const heard = use(await hear(bus));
    pools += 1;
    const pool = `room${pools}`;
    const begun: string[] = [];
    const gates = new Map<string, ReturnType<typeof gate>>();
    const handler = embedder(async ({ batch }) => {
      const own = gate();
      gates.set(batch, own);
      begun.push(batch);
      await own.opened;
    });
    const serving = use(await bus.serve({ service: 'embedder', pool, handlers: [handler], drainMs: 100, ...slots }));
    const send = (parts: readonly string[], texts: number, more: Parameters<typeof embed>[0] = {}) =>
      bus.send(parts.map((part) => embed({ pool, part, texts: Array<string>(texts).fill('text'), ...more })));
    const begins = (count: number) => eventually(() => begun.length >= count, { within: 5000, what: `${count} runs` });
    const end = (part: string) => gates.get(part)?.open();
    /** A command behind all others, in a lane of its own, has been carried out. */
    const settled = async (part: string) => {
      await send([part], 1, { priority: 'high' });
      await eventually(() => begun.includes(part), { within: 5000, what: part });
      end(part);
      await heard.until(part, (records) => records.some(({ id }) => id.endsWith(`texts.embedded/${part}`)));
    };
    return { bus, begun, begins, end, send, settled, serving, heard };
  }

  it('takes many light ones at once, and few heavy ones', async () => {
    const { begun, begins, end, send, settled } = await stage({ concurrency: 12, room: 8, express: { high: 1 } });
    await send(['a', 'b', 'c', 'd', 'e'], 3, { priority: 'low' });
    await begins(3); // two are 6, which leaves room; three are 9
    await settled('query');
    expect(begun.filter((part) => part !== 'query')).to.deep.equal(['a', 'b', 'c']);
    for (const part of ['a', 'b', 'c']) end(part);
    await begins(6);
    for (const part of ['d', 'e']) end(part);
    await send(
      Array.from({ length: 12 }, (_, n) => `light${n}`),
      1,
      { priority: 'low' },
    );
    await begins(6 + 8);
    await settled('another query');
    expect(begun.filter((part) => part.startsWith('light'))).to.have.lengthOf(8);
  });

  it('takes a command that is heavier than all its room, alone', async () => {
    const { begun, begins, end, send, settled } = await stage({ concurrency: 12, room: 8, express: { high: 1 } });
    await send(['huge', 'next'], 20, { priority: 'low' });
    await begins(1);
    await settled('query');
    expect(begun).to.deep.equal(['huge', 'query']);
    end('huge');
    await begins(3);
    expect(begun).to.deep.equal(['huge', 'query', 'next']);
  });

  it('has its room back when commands have ended', async () => {
    const { begun, begins, end, send, serving, heard } = await stage({ concurrency: 12, room: 2 });
    await send(['a', 'b'], 1, { priority: 'low' });
    await begins(2);
    for (const part of ['a', 'b']) end(part);
    await heard.until('both', (records) => records.length >= 2);
    await send(['c', 'd', 'e'], 1, { priority: 'low' });
    await begins(4);
    expect(serving.busy()).to.equal(2);
    expect(begun).to.have.lengthOf(4);
  });

  it('keeps slots for the upper lanes, each of its own and of those above', async () => {
    const { begun, begins, end, send, settled } = await stage({ concurrency: 2, express: { high: 1, normal: 1 } });
    await send(['low1', 'low2', 'low3'], 1, { priority: 'low' });
    await begins(2);
    await send(['normal1', 'normal2'], 1, { priority: 'normal' });
    await begins(3);
    await settled('query');
    expect(begun).to.deep.equal(['low1', 'low2', 'normal1', 'query']);
    end('normal1');
    await begins(5);
    expect(begun.at(-1)).to.equal('normal2');
    await settled('another query');
    expect(begun).not.to.include('low3');
    end('low1');
    await begins(7);
    expect(begun.at(-1)).to.equal('low3');
  });
});
