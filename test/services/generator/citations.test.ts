import { expect } from 'chai';
import fc from 'fast-check';
import { Citations } from '../../../services/generator/citations.ts';
import { MEASURED_AGAIN } from '../../support/measured.ts';

const SOURCES = [
  'Rabbits dig warrens, as every child knows [3]. A warren has many doors.',
  'The first argument is argv[1]; the rest\nfollows in argv[2] and so on.',
  'Moles dig tunnels. [1] They are short-sighted.',
];

function right(text: string, cuts: readonly number[] = [], sources: readonly string[] = SOURCES) {
  const citations = new Citations(sources);
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  const pieces = [0, ...at].map((from, index) => text.slice(from, at[index] ?? text.length));
  const passed = pieces.map((piece) => citations.add({ text: piece }));
  return { text: passed.join('') + citations.end(), cited: citations.cited, passed };
}

describe('citations of a text', () => {
  for (const [given, text, cited] of [
    ['Warrens have doors [1].', 'Warrens have doors [1].', [1]],
    ['Doors [1][3], and more [2, 3].', 'Doors [1][3], and more [2][3].', [1, 2, 3]],
    ['All of them [1-3]; the other way [3–2].', 'All of them [1][2][3]; the other way [3][2].', [1, 2, 3]],
    ['Odd ones【1】, [Source 2], [^3] and 【2†source】.', 'Odd ones[1], [2], [3] and [2].', [1, 2, 3]],
    ['Nowhere [9]. Nor here [0], [4-9], [12, 7].', 'Nowhere. Nor here,,.', []],
    ['Brackets in brackets [0 [9]] and [see [1]].', 'Brackets in brackets [0 …] and [see [1]].', [1]],
    ['Half of it exists [1, 9].', 'Half of it exists [1].', [1]],
    ['No citations: [x], [1.5], [2nd], [], [ ], a[i], [1', 'No citations: [x], [1.5], [2nd], [], [ ], a[i], [1', []],
    ['Great ones [1000], [2024, 3], [1000000000000] and [0002].', 'Great ones, [3], and [2].', [2, 3]],
    ['From one to very many [2-999999999], [4-999999999999999999].', 'From one to very many [2][3],.', [2, 3]],
    ['Code `list[0]` and `[1, 2]` is left [1].', 'Code `list[0]` and `[1, 2]` is left [1].', [1]],
    ['```js\nx[9];\n[1]\n```\nDone [2].', '```js\nx[9];\n[1]\n```\nDone [2].', [2]],
    ['A slip ` of a backtick [9].\nIt ends [1] there.', 'A slip ` of a backtick [9].\nIt ends [1] there.', [1]],
  ] as const)
    it(JSON.stringify(given), () => {
      expect(right(given)).to.deep.include({ text, cited });
    });

  it('are not what a source says in brackets and the text repeats', () => {
    expect(right('Rabbits dig warrens, as every child knows [3]. They do [1].')).to.deep.include({
      text: 'Rabbits dig warrens, as every child knows. They do [1].',
      cited: [1],
    });
    expect(right('It is argv[1] and argv[2], see [2].')).to.deep.include({
      text: 'It is argv[1] and argv[2], see [2].',
      cited: [2],
    });
    expect(right('Glued to a word[1] that no source has so.')).to.deep.include({ cited: [1] });
  });

  it('are what a source says in brackets when it is that source', () => {
    const sources = ['Moles dig their tunnels. [1] They are short-sighted.'];
    expect(right('Moles dig their tunnels. [1]', [], sources)).to.deep.include({ cited: [1] });
  });

  it('of a piece that knows them stand as they are', () => {
    const citations = new Citations(SOURCES);
    const text = citations.add({ text: 'So they say [' }) + citations.add({ text: 'Moles [9] dig. [3]', cites: [3] });
    expect(text).to.equal('So they say [Moles [9] dig. [3]');
    expect(citations.cited).to.deep.equal([3]);
  });

  it('hold up no more of the text than may be one', () => {
    const { passed } = right('See [the long way round to what is no citation, not at all, [1] x', [5, 12, 63]);
    expect(passed[0]).to.equal('See');
    expect(passed.join('').length).to.be.above(60);
  });

  it('are read in a time that grows with the text', () => {
    const begun = performance.now();
    for (const text of [
      ' '.repeat(300_000),
      '['.repeat(300_000),
      '[1,'.repeat(100_000),
      '`'.repeat(300_000),
      '[ '.repeat(150_000),
      '9'.repeat(300_000),
      '[9'.repeat(150_000),
      `[${'9'.repeat(59)}x]`.repeat(5_000),
      `[${'9-'.repeat(30)}]`.repeat(5_000),
      '[1-999999999]'.repeat(20_000),
    ])
      right(text);
    expect(performance.now() - begun).to.be.below(2_000);
  }).retries(MEASURED_AGAIN);

  it('are the same however the text is cut, and point nowhere outside of code', () => {
    const word = fc.constantFrom(
      ...[
        'a',
        ' ',
        '  ',
        '\n',
        '`',
        '```',
        '[',
        ']',
        '[1]',
        ' [9]',
        '[1, 7]',
        '[2-3]',
        '[1000]',
        '00',
        '【3】',
        '[^1]',
        '[0',
        '1]',
        ', 2]',
      ],
      ...['argv[1]', 'every child knows', ' [3]', '[Source 2]', '†x】', '🐇', 'é', '. '],
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 12 }), (words, cuts) => {
        const text = words.join('');
        const { passed: _, ...whole } = right(text);
        const { passed: __, ...cut } = right(text, cuts);
        expect(cut).to.deep.equal(whole);
        for (const n of whole.cited) expect(whole.text).to.include(`[${n}]`);
        if (text.includes('`') || text.includes('argv')) return;
        for (const [, n] of whole.text.matchAll(/\[(\d+)\]/g)) expect(whole.cited).to.include(Number(n));
      }),
      { numRuns: 3_000 },
    );
  });
});
