import { expect } from 'chai';
import fc from 'fast-check';
import { cleanJson, cleanText } from '../../shared/store/clean.ts';
import { vectorBase64, vectorText } from '../../shared/store/vector.ts';

describe('values at the edge of the store', () => {
  it('text loses its NULs, one character for one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const cleaned = cleanText(text);
        expect(cleaned).to.not.include('\0');
        expect(cleaned.length).to.equal(text.length);
      }),
    );
    expect(cleanText('a\0b')).to.equal('a\ufffdb');
  });

  it('JSON loses NULs and lone surrogates and nothing else, escaped backslashes least of all', () => {
    const rows = [
      ['a\0b', 'a\ufffdb'],
      ['\\u0000', '\\u0000'],
      ['\\\0', '\\\ufffd'],
      ['\ud83d', '\ufffd'],
      ['\u{1f600}\udc00', '\u{1f600}\ufffd'],
      ['\u0001\n"', '\u0001\n"'],
    ];
    for (const [given, kept] of rows) expect(JSON.parse(cleanJson({ x: given }))).to.deep.equal({ x: kept });
    fc.assert(
      fc.property(fc.json(), (json) => {
        const value = JSON.parse(json);
        expect(JSON.parse(cleanJson(value))).to.deep.equal(value);
      }),
    );
  });

  it('vectors keep every bit', () => {
    const floats = fc.float32Array({ minLength: 1, noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(floats, (values) => {
        fc.pre(values.some((value) => value !== 0));
        const made = vectorText(vectorBase64([...values]));
        const back = Float32Array.from(JSON.parse(made?.text ?? '[]') as number[]);
        expect([...back].map((value) => value + 0)).to.deep.equal([...values].map((value) => value + 0));
        expect(made?.dimensions).to.equal(values.length);
      }),
    );
  });

  it('vectors with which nothing can be compared are none', () => {
    for (const values of [
      [],
      [0, 0],
      [1, Number.NaN],
      [Number.POSITIVE_INFINITY],
      Array.from({ length: 16_001 }, () => 1),
    ]) {
      expect(vectorText(vectorBase64(values))).to.equal(null);
    }
    expect(vectorText(Buffer.from('12345').toString('base64'))).to.equal(null);
  });
});
