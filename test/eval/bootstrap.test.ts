import { expect } from 'chai';
import { bootstrapMean, isDrop, isSignificant, pairedDifference } from '../../infra/eval/scoring/bootstrap.ts';
import { quantile } from '../../infra/eval/scoring/quantile.ts';

/** So many ones, then zeros. */
const ones = (count: number, of: number) => Array.from({ length: of }, (_, index) => (index < count ? 1 : 0));

describe('the bootstrap', () => {
  it('of a share agrees with its standard error: .5 of 400 is .5 ± 1.96 · .025', () => {
    const { mean, low, high } = bootstrapMean(ones(200, 400));
    expect(mean).to.equal(0.5);
    expect(low).to.be.closeTo(0.451, 0.006);
    expect(high).to.be.closeTo(0.549, 0.006);
  });

  it('says the same of the same values', () => {
    expect(bootstrapMean(ones(3, 10))).to.deep.equal(bootstrapMean(ones(3, 10)));
  });

  it('of equal values has no width', () => {
    expect(bootstrapMean([0.25, 0.25, 0.25])).to.deep.equal({ mean: 0.25, low: 0.25, high: 0.25 });
  });

  it('covers the truth about 95 times of 100', () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647; // a Lehmer generator: other numbers than the bootstrap's
      return seed / 2_147_483_647;
    };
    const covered = Array.from({ length: 400 }, () => {
      const { low, high } = bootstrapMean(
        Array.from({ length: 100 }, () => Number(random() < 0.6)),
        400,
      );
      return low <= 0.6 && high >= 0.6;
    }).filter(Boolean).length;
    expect(covered / 400).to.be.within(0.91, 0.98);
  });
});

describe('a paired difference', () => {
  it('sees what an unpaired one does not: the same small loss on easy and hard questions', () => {
    const before = ones(50, 100);
    const after = before.map((value) => value - 0.02);
    const loss = pairedDifference(after, before);
    expect(loss.mean).to.be.closeTo(-0.02, 1e-12);
    expect(isDrop(loss)).to.equal(true);
    const [apart, together] = [bootstrapMean(after), bootstrapMean(before)];
    expect(apart.high).to.be.greaterThan(together.low);
  });

  it('of nothing is no change', () => {
    const none = pairedDifference(ones(5, 9), ones(5, 9));
    expect(none).to.deep.equal({ mean: 0, low: 0, high: 0 });
    expect(isDrop(none) || isSignificant(none)).to.equal(false);
  });

  it('of a few questions more or less is chance; a gain is no drop', () => {
    const before = ones(50, 100);
    const swapped = [0, ...before.slice(1, 50), 1, ...before.slice(51)];
    expect(isSignificant(pairedDifference(swapped, before))).to.equal(false);
    const gain = pairedDifference(ones(70, 100), before);
    expect(isSignificant(gain)).to.equal(true);
    expect(isDrop(gain)).to.equal(false);
  });

  it('needs the same questions', () => {
    expect(() => pairedDifference([1], [1, 0])).to.throw(RangeError);
  });
});

describe('a quantile', () => {
  it('is one of the values, by nearest rank', () => {
    expect([0.5, 0.99, 1].map((share) => quantile([4, 1, 3, 2], share))).to.deep.equal([2, 4, 4]);
    expect(quantile([], 0.5)).to.be.NaN;
  });
});
