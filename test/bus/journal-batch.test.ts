import { expect } from 'chai';
import { pause } from '../../shared/bus/pause.ts';
import { newId } from '../../shared/ids.ts';
import { JobCancel } from '../../shared/messages/submission.ts';
import { eventually } from '../support/eventually.ts';
import { bench, record } from './bench.ts';

describe('a batch of the journal', () => {
  const here = bench();

  it('is no more than a database can take at once', async () => {
    const bus = await here.connect();
    const large = { ...record('large', newId('job')), event: JobCancel({ reason: 'x'.repeat(900_000) }) };
    for (let n = 0; n < 12; n += 1) await bus.append([{ ...large, id: `r${n}` }]);
    const turns: number[] = [];
    // Whatever is in the first turn, all others are there by the second.
    const turn = (records: readonly unknown[]) => {
      turns.push(records.length);
      return pause(turns.length === 1 ? 1_000 : 0);
    };
    here.use(await bus.readJournal(0, turn));
    const taken = () => turns.reduce((sum, each) => sum + each, 0);
    await eventually(() => taken() === 12, { within: 15_000, what: 'all of them' });
    expect(Math.max(...turns)).to.be.within(2, 4);
  });
});
