import { expect } from 'chai';
import { GapFinder } from '../../shared/bus/gap-finder.ts';

describe('a gap in what is pushed', () => {
  it('is a number that is missing between two of one origin', () => {
    const gaps = new GapFinder(0);
    const heard = [
      ['a', 1],
      ['b', 1],
      ['a', 2],
      ['a', 4],
      ['b', 2],
      ['a', 5],
    ] as const;
    expect(heard.map(([origin, n]) => gaps.follows(origin, n, 1))).to.deep.equal([true, true, true, false, true, true]);
  });

  it('is at the beginning of an origin that began after the listener, and was not heard from 1 on', () => {
    const gaps = new GapFinder(0);
    expect(gaps.follows('from the start', 1, 60_000)).to.equal(true);
    expect(gaps.follows('its first two were lost', 3, 60_000)).to.equal(false);
    expect(gaps.follows('its first two were lost', 4, 60_000)).to.equal(true);
  });

  it('is not what an origin said before there was a listener', () => {
    const gaps = new GapFinder(0);
    expect(gaps.follows('older', 5_000, 4_000)).to.equal(true);
    expect(gaps.follows('older', 5_002, 60_000)).to.equal(false);
  });
});
