import { expect } from 'chai';
import { CITATION, Harness } from './harness.ts';

const { n: _, ...PASSAGE } = CITATION;
const EXPLAIN = {
  weight: 0.7,
  dense: { rank: 1, similarity: 0.71, context: 0.64, scaled: 1 },
  lexical: { rank: 2, bm25: 7.4, scaled: 0.5 },
  model: 'm',
};

describe('warren search', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = new Harness();
    await harness.start();
  });
  afterEach(() => harness.stop());

  const finding = (...results: readonly unknown[]) =>
    harness.gateway.on('POST', /^\/v1\/search$/, () => ({ status: 200, body: { results } }));
  const search = (...args: readonly string[]) => harness.warren(['search', 'leave', '-c', 'handbook', ...args]);

  it('shows what was found, and on demand how each score came about', async () => {
    finding({ ...PASSAGE, score: 0.85, explain: EXPLAIN });
    const { code, out } = await search('--explain');
    expect(code).to.equal(0);
    expect(out.split('\n')).to.deep.equal([
      '1. A › Guide › Leave 0.850 · docs/a.md:3-20',
      '   Unused days lapse.',
      '   0.70 × 1.000 (dense #1, similarity 0.710, around it 0.640) + 0.30 × 0.500 (words #2, BM25 7.40)',
      '',
    ]);
    expect(harness.gateway.calls[0]?.body).to.deep.equal({ collection: 'handbook', query: 'leave', explain: true });
  });

  it('takes filters as pairs and as JSON; all must hold', async () => {
    finding();
    const expectations: [filters: string[], filter: unknown][] = [
      [['lang=en', 'year=2026', 'draft=false'], { lang: 'en', year: 2026, draft: false }],
      [['lang=en', '{"year":{"gte":2020}}'], { lang: 'en', year: { gte: 2020 } }],
      [['year=2026', '{"year":{"gte":2020}}'], { and: [{ year: 2026 }, { year: { gte: 2020 } }] }],
    ];
    for (const [filters, filter] of expectations) {
      const { err } = await search(...filters.flatMap((each) => ['--filter', each]));
      expect(err).to.contain('Nothing was found');
      expect(harness.gateway.calls.at(-1)?.body.filter).to.deep.equal(filter);
    }
    for (const [filter, why] of [
      ['lang', 'give KEY=VALUE or a filter as JSON'],
      ['{"lang"', 'this is not JSON'],
    ] as const) {
      const { code, err } = await search('--filter', filter);
      expect(code, filter).to.not.equal(0);
      expect(err).to.contain(why);
    }
  });
});
