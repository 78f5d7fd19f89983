import { expect } from 'chai';
import { DeadLettersBusyError } from '../../shared/bus/bus.ts';
import { bench } from './bench.ts';
import { graveyard } from './graveyard.ts';

describe('dead letters', () => {
  const here = bench();
  const { connect } = here;

  it('waits for another scan, also of another process', async () => {
    const { bus, queue } = await graveyard(here, 4);
    const other = await connect();
    const slow = bus.deadLetters.discard({ queue }, { limit: 2, ratePerS: 4 });
    const [seen] = await Promise.all([other.deadLetters.list({ queue }), slow]);
    expect([2, 4]).to.include(seen.length);
    expect(await other.deadLetters.list({ queue })).to.have.length(2);
  });

  it('waits for another scan only so long', async () => {
    const { bus, queue } = await graveyard(here, 2);
    const other = await connect();
    const stop = new AbortController();
    let held = () => {};
    const begun = new Promise<void>((resolve) => {
      held = resolve;
    });
    const slow = bus.deadLetters.discard(
      { queue },
      { ratePerS: 0.01, signal: stop.signal, onProgress: ({ done }) => done === 2 && held() },
    );
    await begun;
    const refused = await Promise.all(
      [bus, other].map((each) => each.deadLetters.list({ queue }).catch((error: unknown) => error)),
    );
    for (const error of refused) expect(error).to.be.instanceOf(DeadLettersBusyError);
    stop.abort();
    expect(await slow).to.include({ matched: 1, discarded: 1 });
    expect(await bus.deadLetters.list({ queue })).to.have.length(1);
    await bus.deadLetters.discard({ queue });
  });

  it('does not pause once the last letter is done', async () => {
    const { bus, queue } = await graveyard(here, 2);
    const begun = Date.now();
    expect(await bus.deadLetters.discard({ queue }, { limit: 1, ratePerS: 0.1 })).to.include({ discarded: 1 });
    expect(await bus.deadLetters.discard({ queue }, { ratePerS: 0.1 })).to.include({ discarded: 1 });
    expect(Date.now() - begun).to.be.below(9_000);
  });
});
