import { expect } from 'chai';
import { OutageError, RetryableError } from '../../shared/bus/errors.ts';
import { eventually } from '../support/eventually.ts';
import { embed, gate } from './bench.ts';
import { loneWorker } from './lone-worker.ts';

const CASES = [
  { name: 'for the next attempt', failure: new RetryableError('provider_error', 'hiccup'), nextAttempt: 2 },
  { name: 'for after an outage', failure: new OutageError('test', 'out', 100), nextAttempt: 1 },
];

describe('a worker that has sent a command again', () => {
  for (const { name, failure, nextAttempt } of CASES) {
    it(`${name} carries out the copy, also when that comes before its confirm`, async () => {
      const confirm = gate();
      const attempts: number[] = [];
      let sent = 0;
      const act = async (_body: unknown, { command: { attempt } }: { command: { attempt: number } }) => {
        attempts.push(attempt);
        if (attempts.length === 1) throw failure;
      };
      const publish = () => {
        sent += 1;
        return confirm.opened;
      };
      const { fates, receive } = loneWorker(act, { publish });
      const command = embed();
      const first = receive(command, 'first');
      await eventually(() => sent === 1, { within: 2_000, every: 5, what: 'the copy to be sent' });
      await receive({ ...command, attempt: nextAttempt }, 'copy');
      expect(attempts).to.deep.equal([1, nextAttempt]);
      expect(fates.acked, 'the first is not safe yet').to.deep.equal(['copy']);
      confirm.open();
      await first;
      expect(fates.acked).to.deep.equal(['copy', 'first']);
    });
  }

  it('knows its run from an older one of the same command', async () => {
    const confirm = gate();
    const slow = gate();
    let begun = 0;
    let sent = 0;
    const act = async () => {
      begun += 1;
      if (begun === 1) throw new RetryableError('provider_error', 'hiccup');
      await slow.opened;
    };
    const publish = () => {
      sent += 1;
      return confirm.opened;
    };
    const { fates, receive } = loneWorker(act, { publish });
    const command = embed();
    const next = { ...command, attempt: 2 };
    const first = receive(command, 'first');
    await eventually(() => sent === 1, { within: 2_000, every: 5, what: 'the copy to be sent' });
    const second = receive(next, 'second');
    confirm.open();
    await first;
    await receive(next, 'second again');
    slow.open();
    await second;
    expect(begun).to.equal(2);
    expect(fates.acked).to.deep.equal(['first', 'second', 'second again']);
  });
});
