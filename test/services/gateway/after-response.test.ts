import { expect } from 'chai';
import { pino } from 'pino';
import { AfterResponse } from '../../../services/gateway/after-response.ts';

describe('gateway: work after a response', () => {
  const log = pino({ level: 'silent' });

  it('is drained, also when some of it fails', async () => {
    const queue = new AfterResponse(log);
    let done = 0;
    for (let n = 0; n < 100; n += 1) {
      queue.add(async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        done += 1;
        if (n % 10 === 0) throw new Error('no');
      });
    }
    expect(await queue.drain(5_000)).to.equal(0);
    expect(done).to.equal(100);
  });

  it('is bounded, and what hangs is given up', async () => {
    const queue = new AfterResponse(log);
    let release = () => {};
    const hang = new Promise<void>((resolve) => {
      release = resolve;
    });
    let taken = 0;
    while (queue.add(() => hang)) taken += 1;
    expect(taken).to.be.within(10_000, 10_010);
    expect(queue.dropped).to.equal(1);
    expect(await queue.drain(50)).to.equal(taken);
    release();
    expect(await queue.drain(5_000)).to.equal(0);
  });
});
