import { expect } from 'chai';
import { OverloadedError, RefusedError } from '../../shared/bus/broker-errors.ts';
import { OutageError } from '../../shared/bus/errors.ts';
import { embed, gate } from './bench.ts';
import { loneWorker } from './lone-worker.ts';

describe('a worker that cannot make safe what follows from a command', () => {
  const NO_FATES = { acked: [], requeued: [], kept: [] };

  async function twice(error: Error) {
    const slow = gate();
    const { fates, receive } = loneWorker(() => slow.opened, { append: () => Promise.reject(error) });
    const command = embed();
    const received = receive(command, 'first');
    await receive(command, 'meanwhile');
    slow.open();
    await received;
    for (const names of Object.values(fates)) names.sort();
    return fates;
  }

  it('gives it back, and what was delivered meanwhile', async () => {
    const fates = await twice(new Error('no message can carry this'));
    expect(fates).to.deep.equal({ ...NO_FATES, requeued: ['first', 'meanwhile'] });
  });

  it('keeps it when it is the broker that takes nothing', async () => {
    const fates = await twice(new OverloadedError('too much waits for the broker'));
    expect(fates).to.deep.equal({ ...NO_FATES, kept: ['first', 'meanwhile'] });
  });

  it('keeps a command whose provider is out when its lane is full', async () => {
    const { fates, receive } = loneWorker(
      async () => {
        throw new OutageError('test', 'out', 100);
      },
      { publish: () => Promise.reject(new RefusedError('the lane is full')) },
    );
    await receive(embed(), 'it');
    expect(fates).to.deep.equal({ ...NO_FATES, kept: ['it'] });
  });

  it('carries out at once, alone, what would go to the back of a full lane', async () => {
    const { fates, receive } = loneWorker(async () => {}, {
      publish: () => Promise.reject(new RefusedError('the lane is full')),
    });
    await receive(embed(), 'it', { 'x-delivery-count': 3 });
    expect(fates).to.deep.equal({ ...NO_FATES, acked: ['it'] });
  });
});
