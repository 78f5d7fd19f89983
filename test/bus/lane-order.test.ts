import { expect } from 'chai';
import fc from 'fast-check';
import { NO_CREDITS, nextLane } from '../../shared/bus/lane-order.ts';
import { PRIORITIES, type Priority } from '../../shared/messages/job.ts';

/** Takes `count` times from lanes that are always filled. */
function take(count: number, filled: readonly Priority[], credits = NO_CREDITS) {
  const taken: Priority[] = [];
  let now = credits;
  for (let n = 0; n < count; n += 1) {
    const next = nextLane(now, filled);
    if (next === undefined) break;
    taken.push(next.lane);
    now = next.credits;
  }
  return { taken, credits: now };
}

const count = (taken: readonly Priority[], lane: Priority) => taken.filter((each) => each === lane).length;

describe('lane order', () => {
  it('takes 16 high, 4 normal and 1 low of 21, high first', () => {
    const { taken } = take(21, PRIORITIES);
    expect(PRIORITIES.map((lane) => count(taken, lane))).to.deep.equal([16, 4, 1]);
    expect(taken[0]).to.equal('high');
  });

  it('lets low move once in 17 while high never ends', () => {
    expect(count(take(170, ['high', 'low']).taken, 'low')).to.equal(10);
  });

  it('takes nothing from empty lanes', () => {
    expect(nextLane(NO_CREDITS, [])).to.equal(undefined);
    expect(new Set(take(50, ['low']).taken)).to.deep.equal(new Set(['low']));
  });

  it('serves a high command next, however long low was alone', () => {
    const { credits } = take(1000, ['low']);
    expect(nextLane(credits, ['high', 'low'])?.lane).to.equal('high');
  });

  it('starves no filled lane, whatever the others do', () => {
    const history = fc.array(fc.subarray([...PRIORITIES], { minLength: 0 }), { maxLength: 200 });
    fc.assert(
      fc.property(history, (fillings) => {
        let credits = NO_CREDITS;
        for (const filled of fillings) credits = nextLane(credits, filled)?.credits ?? credits;
        for (const lane of PRIORITIES) expect(take(42, PRIORITIES, credits).taken).to.include(lane);
      }),
    );
  });
});
