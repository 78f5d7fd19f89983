import { expect } from 'chai';
import { embed, gate } from './bench.ts';
import { loneWorker } from './lone-worker.ts';

describe('a worker that cannot make safe what follows from a command', () => {
  it('gives it back, also what was delivered meanwhile', async () => {
    const slow = gate();
    const { fates, receive } = loneWorker(() => slow.opened, {
      append: () => Promise.reject(new Error('no message can carry this')),
    });
    const command = embed();
    const received = receive(command, 'first');
    await receive(command, 'again');
    slow.open();
    await received;
    expect(fates.acked).to.deep.equal([]);
    expect([...new Set(fates.requeued)]).to.deep.equal(['first', 'again']);
  });
});
