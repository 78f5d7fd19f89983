import { expect } from 'chai';
import { validate } from '../../services/gateway/middleware/validate.ts';
import { Problem } from '../../services/gateway/problem.ts';
import { SearchInput } from '../../shared/messages/inputs.ts';
import { MEASURED_AGAIN } from '../support/measured.ts';

/** What the gateway says of a search with this filter, as `pointer: detail`. */
function faults(filter: unknown): string[] {
  try {
    validate(SearchInput, { collection: 'c', query: 'q', filter });
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return (error.errors ?? []).map(({ pointer, detail }) => `${pointer}: ${detail}`);
  }
}

const nested = (depth: number): unknown => (depth === 0 ? { a: 1 } : { not: nested(depth - 1) });

describe('filters as clients give them', () => {
  it('may be plain values, conditions, and and, or and not of filters', () => {
    for (const filter of [
      {},
      { lang: 'en', year: 2024, draft: false, owner: null },
      { year: { gte: 2020, lt: 2030 }, lang: { in: ['en', 'de'] }, draft: { exists: false }, kind: { eq: 'a' } },
      { or: [{ year: 1 }, { and: [{ a: 1 }, { b: 2 }] }], not: { lang: 'en' } },
      nested(8),
    ])
      expect(faults(filter), JSON.stringify(filter)).to.deep.equal([]);
  });

  it('are refused with a pointer to what is wrong and what would be right', () => {
    const form = 'give a value, or an object of eq, in, gt, gte, lt, lte, exists';
    const expectations: [filter: unknown, fault: string][] = [
      [{ year: { eq: 1, above: 1 } }, '/filter/year/above: is not a field here'],
      [{ year: [1] }, `/filter/year: ${form}`],
      [{ year: {} }, '/filter/year: name at least one of eq, in, gt, gte, lt, lte, exists'],
      [{ year: { gt: 1, lt: '2' } }, '/filter/year: bounds are all numbers or all strings'],
      [{ year: { gt: true } }, '/filter/year/gt: give a number or a string'],
      [{ year: { eq: {} } }, '/filter/year/eq: give a string, a number, true, false or null'],
      [{ year: { exists: 1 } }, '/filter/year/exists: Invalid input: expected boolean, received number'],
      [{ or: { a: 1 } }, '/filter/or: Invalid input: expected array, received object'],
      [{ or: [{ a: 1 }, { not: { b: [] } }] }, `/filter/or/1/not/b: ${form}`],
    ];
    for (const [filter, fault] of expectations) expect(faults(filter), JSON.stringify(filter)).to.deep.equal([fault]);
  });

  it('are bounded in depth, in values, and in the length of each', () => {
    expect(faults(nested(9))).to.deep.equal(['/filter: and, or and not stand in each other more than 8 deep']);
    const values = (n: number) => Array.from({ length: n }, (_, index) => index);
    expect(faults({ year: { in: values(500) } })).to.deep.equal([]);
    expect(faults({ year: { in: values(501) } })[0]).to.match(/^\/filter\/year\/in: Too big/);
    const many = { or: values(251).map((year) => ({ year: { gte: year, lt: year + 1 } })) };
    expect(faults(many)).to.deep.equal(['/filter: compares with more than 500 values']);
    expect(faults({ year: 'x'.repeat(2001) })[0]).to.match(/^\/filter\/year: Too big/);
    expect(faults({ ['x'.repeat(201)]: 1 })[0]).to.match(/: a key has at most 200 characters$/);
  });

  it('cost little to refuse, however they are made to cost much', () => {
    const chains = { and: Array.from({ length: 500 }, () => nested(60)) };
    let wide: unknown = { a: 1 };
    for (let depth = 0; depth < 8; depth++) wide = { or: [wide, wide, wide, wide] };
    const begun = performance.now();
    expect(faults(chains)).to.have.lengthOf(1);
    expect(faults(wide)).to.deep.equal(['/filter: compares with more than 500 values']);
    expect(performance.now() - begun, 'ms').to.be.below(500);
  }).retries(MEASURED_AGAIN);

  it('are never read without a part of what they ask', () => {
    for (const text of ['{"__proto__":"x"}', '{"a":1,"not":{"__proto__":{"eq":1}}}']) {
      expect(faults(JSON.parse(text))[0], text).to.match(/__proto__: no metadata has such a key$/);
    }
    expect(faults({ constructor: 'x', toString: 'y' })).to.deep.equal([]);
  });
});
