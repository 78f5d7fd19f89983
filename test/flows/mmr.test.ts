import { expect } from 'chai';
import fc from 'fast-check';
import { mostTelling } from '../../services/rag-orchestrator/flows/mmr.ts';
import { MEASURED_AGAIN } from '../support/measured.ts';

const DIG = 'Rabbits dig long burrows in dry meadows during the night.';
const EAT = 'Rabbits eat clover, grass and the bark of young trees in winter.';
const RAIN = 'Rain falls mostly in autumn.';
/** The first are hardly more relevant than the next; the last is beside the point. */
const of = (...texts: string[]) => texts.map((text, at) => ({ text, relevance: [0.9, 0.88, 0.87, 0.8, 0.1][at] ?? 0 }));

describe('maximal marginal relevance', () => {
  it('passes over what says the same again', () => {
    expect(mostTelling(of(DIG, DIG, `${DIG} Always.`, EAT, RAIN), 2, 0.7)).to.deep.equal([0, 3]);
    expect(mostTelling(of(DIG, DIG), 2, 0.7)).to.deep.equal([0, 1]);
  });

  it('knows no language', () => {
    const [dig, again, eat] = ['兎は夜に草原で穴を掘る。', '兎は夜に草原で深い穴を掘る。', '兎は冬に木の皮を食べる。'];
    expect(mostTelling(of(dig ?? '', again ?? '', eat ?? ''), 2, 0.5)).to.deep.equal([0, 2]);
  });

  it('goes by relevance alone at 1, and begins with the most relevant', () => {
    const shuffled = [RAIN, DIG, EAT].map((text, at) => ({ text, relevance: [0.1, -3, 7][at] ?? 0 }));
    expect(mostTelling(shuffled, 3, 1)).to.deep.equal([2, 0, 1]);
    expect(mostTelling(shuffled, 1, 0.5)).to.deep.equal([2]);
  });

  it('has what nobody judged at the end', () => {
    const candidates = of(DIG, EAT, RAIN, 'Moles are blind.').map((each, at) =>
      at === 1 ? { ...each, relevance: Number.NEGATIVE_INFINITY } : each,
    );
    expect(mostTelling(candidates, 4, 0.7).at(-1)).to.equal(1);
  });

  it('takes no time that a turn does not have', () => {
    const candidates = Array.from({ length: 100 }, (_, n) => ({
      text: `${n} ${DIG} ${EAT} ${RAIN} `.repeat(20),
      relevance: n,
    }));
    const begun = performance.now();
    mostTelling(candidates, 10, 0.7);
    expect(performance.now() - begun).to.be.below(500);
  }).retries(MEASURED_AGAIN);

  it('picks each at most once, and as many as there are', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom(DIG, EAT, RAIN, '', '...'));
    const candidate = fc.record({ text, relevance: fc.double({ min: -10, max: 10, noNaN: true }) });
    fc.assert(
      fc.property(
        fc.array(candidate, { maxLength: 12 }),
        fc.integer({ min: 1, max: 15 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (candidates, count, lambda) => {
          const chosen = mostTelling(candidates, count, lambda);
          expect(new Set(chosen).size).to.equal(Math.min(count, candidates.length));
          for (const at of chosen) expect(candidates[at]).to.not.equal(undefined);
        },
      ),
    );
  });
});
