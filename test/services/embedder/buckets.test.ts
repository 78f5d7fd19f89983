import { expect } from 'chai';
import fc from 'fast-check';
import { buckets, MAX_BATCH_TEXTS, MAX_BATCH_TOKENS } from '../../../services/embedder/models/local/buckets.ts';

describe('buckets of texts for one model call each', () => {
  it('hold every text once, within the bounds', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: 256 }), { maxLength: 300 }), (lengths) => {
        const all = buckets(lengths);
        expect(all.flat().sort((a, b) => a - b)).to.deep.equal(lengths.map((_, index) => index));
        for (const bucket of all) {
          const longest = Math.max(...bucket.map((index) => lengths[index] ?? 0));
          expect(bucket.length).to.be.within(1, MAX_BATCH_TEXTS);
          expect(longest * bucket.length).to.be.at.most(MAX_BATCH_TOKENS);
        }
      }),
    );
  });

  it('put no short text beside a long one', () => {
    expect(buckets([250, 10, 10, 240])).to.deep.equal([
      [1, 2],
      [3, 0],
    ]);
  });
});
