import { expect } from 'chai';
import { distinctDocuments, measure } from '../../infra/eval/scoring/measures.ts';

const relevant = (...documents: string[]) => new Map(documents.map((document) => [document, 1]));

describe('the measures of a ranking', () => {
  it('of one relevant document at rank 3: 1, 1/3, 1/log2(4)', () => {
    const scores = measure(['a', 'b', 'c'], relevant('c'), 10);
    expect(scores).to.deep.equal({ recall: 1, mrr: 1 / 3, ndcg: 0.5 });
  });

  it('of two relevant documents of which one is found, second', () => {
    const { recall, mrr, ndcg } = measure(['x', 'a', 'y'], relevant('a', 'b'), 3);
    expect(recall).to.equal(0.5);
    expect(mrr).to.equal(0.5);
    // DCG 1/log2(3) = 0.63093; best possible 1 + 0.63093
    expect(ndcg).to.be.closeTo(0.38685, 1e-5);
  });

  it('count graded judgements as gain', () => {
    const { ndcg } = measure(['b', 'a'], new Map(Object.entries({ a: 3, b: 1, c: 2 })), 10);
    // DCG 1 + 3/log2(3) = 2.892789; ideal 3 + 2/log2(3) + 1/log2(4) = 4.761860
    expect(ndcg).to.be.closeTo(0.607491, 1e-6);
  });

  it('do not see beyond k, neither in the ranking nor in the ideal', () => {
    expect(measure(['x', 'a'], relevant('a'), 1)).to.deep.equal({ recall: 0, mrr: 0, ndcg: 0 });
    expect(measure(['a'], relevant('a', 'b'), 1)).to.deep.equal({ recall: 0.5, mrr: 1, ndcg: 1 });
  });

  it('are 0 of nothing, and of judgements that say "not relevant"', () => {
    expect(measure([], relevant('a'), 10)).to.deep.equal({ recall: 0, mrr: 0, ndcg: 0 });
    expect(measure(['a'], new Map([['a', 0]]), 10)).to.deep.equal({ recall: 0, mrr: 0, ndcg: 0 });
    expect(measure(['b', 'a'], new Map(Object.entries({ a: 1, b: -1 })), 10).mrr).to.equal(0.5);
  });
});

describe('passages as documents', () => {
  it('count once, at the best rank', () => {
    expect(distinctDocuments(['a', 'a', 'b', 'a', 'c', 'b', 'd'], 3)).to.deep.equal(['a', 'b', 'c']);
    expect(distinctDocuments(['a', 'a'], 3)).to.deep.equal(['a']);
  });
});
