import { expect } from 'chai';
import { scoreAnswer } from '../../infra/eval/scoring/answers.ts';

const citations = [
  { n: 1, document_id: 'wrong' },
  { n: 2, document_id: 'right' },
  { n: 3, document_id: 'right' },
];
const judgements = new Map([['right', 1]]);
const score = (text: string) => scoreAnswer({ text, citations }, judgements);

describe('the score of an answer', () => {
  it('looks at what the text cites, in its order', () => {
    expect(score('One thing [1]. Another [2].')).to.deep.equal({
      found: true,
      hit: true,
      first: false,
      precision: 0.5,
    });
    expect(score('One [3]. Two [3]. Three [1].')).to.deep.equal({
      found: true,
      hit: true,
      first: true,
      precision: 0.5,
    });
    expect(score('Beside the point [1].')).to.deep.equal({ found: true, hit: false, first: false, precision: 0 });
  });

  it('counts an answer that cites nothing as not found, whatever it was given', () => {
    expect(score('It was not found.')).to.deep.equal({ found: false, hit: false, first: false });
  });

  it('does not count a number that is no citation', () => {
    expect(score('An array [7] of [2].')).to.deep.equal({ found: true, hit: true, first: true, precision: 1 });
  });
});
