import { expect } from 'chai';
import fc from 'fast-check';
import { pageAt } from '../../services/rag-orchestrator/split/pages.ts';
import { inReadingOrder } from '../../services/rag-orchestrator/split/pdf/columns.ts';
import { flowingText } from '../../services/rag-orchestrator/split/pdf/flowing-text.ts';
import { linesOfPage, type TextItem } from '../../services/rag-orchestrator/split/pdf/lines.ts';
import { paragraphsOf } from '../../services/rag-orchestrator/split/pdf/paragraphs.ts';

const CHAR_WIDTH = 5;

/** Text that begins at a place, all letters equally wide. */
const at = (x: number, y: number, str: string, size = 10): TextItem => ({
  str,
  transform: [size, 0, 0, size, x, y],
  width: str.length * CHAR_WIDTH * (size / 10),
});

function read(...pages: readonly (readonly TextItem[])[]) {
  const lines = pages.flatMap((items, index) =>
    inReadingOrder(linesOfPage(items)).map((line) => ({ ...line, page: index + 1 })),
  );
  return flowingText(paragraphsOf(lines), pages.length);
}

/** Lines one below the other. */
const column = (x: number, y: number, lines: readonly string[]): TextItem[] =>
  lines.map((line, index) => at(x, y - 12 * index, line));

const LEFT = ['The first column of a', 'page is read before it', 'is the turn of another', 'one that stands beside'];
const RIGHT = ['The second one follows', 'when the first is over', 'and not line for line,', 'as a printer paints it'];

describe('the text of a PDF', () => {
  it('makes hyphenated words whole, and leaves other hyphens', () => {
    expect(
      read(column(50, 700, ['a well-known promise of dura-', 'bility, in the sense of Ann-', 'Marie'])).text,
    ).to.equal('a well-known promise of durability, in the sense of Ann-Marie');
  });

  it('parts words by gaps, cells by wide gaps, and keeps lines that were not wrapped', () => {
    expect(read([at(50, 700, 'one'), at(70, 700, 'two'), at(86, 700, 's'), at(200, 700, 'three')]).text).to.equal(
      'one twos\tthree',
    );
    expect(read(column(50, 700, ['Roses', 'are red and never blue in this garden', 'of ours'])).text).to.equal(
      'Roses\nare red and never blue in this garden of ours',
    );
  });

  it('reads columns one after the other, in whatever order they are painted', () => {
    const rows = LEFT.flatMap((_, row) => [
      ...column(50, 700 - 12 * row, LEFT.slice(row, row + 1)),
      ...column(300, 700 - 12 * row, RIGHT.slice(row, row + 1)),
    ]);
    const title = at(50, 740, 'A title that reaches over both of the columns below it, from end to end');
    for (const items of [
      [title, ...rows],
      [...rows.toReversed(), title],
    ]) {
      const { text } = read(items);
      expect(text.indexOf('A title')).to.equal(0);
      expect(text).to.contain(LEFT.join(' '));
      expect(text).to.contain(RIGHT.join(' '));
      expect(text.indexOf('The first')).to.be.below(text.indexOf('The second'));
    }
  });

  it('leaves the rows of a table of numbers together', () => {
    const rows = [1, 2, 3, 4, 5].flatMap((n) => [
      at(50, 700 - 12 * n, `A name as long as this, number ${n}`),
      at(400, 700 - 12 * n, String(n * 11)),
    ]);
    expect(read(rows).text).to.contain('number 2\t22');
  });

  it('takes larger fonts for headings, the largest for the highest', () => {
    const { text, blocks } = read([
      at(50, 740, 'Big', 20),
      ...column(50, 700, LEFT),
      at(50, 600, 'Smaller', 14),
      ...column(50, 560, RIGHT),
    ]);
    const shown = blocks.map((block) => [
      block.kind,
      block.kind === 'heading' ? block.depth : 0,
      text.slice(block.start, block.start + 3),
    ]);
    expect(shown).to.deep.equal([
      ['heading', 1, 'Big'],
      ['paragraph', 0, 'The'],
      ['heading', 2, 'Sma'],
      ['paragraph', 0, 'The'],
    ]);
  });

  it('goes on over the end of a page in the middle of a sentence, and knows where the page begins', () => {
    const { text, pageStarts } = read(
      column(50, 700, ['A sentence that begins here']),
      [],
      column(50, 700, ['and ends there.']),
    );
    expect(text).to.equal('A sentence that begins here and ends there.');
    expect(pageStarts).to.deep.equal([0, 28, 28]);
    expect([0, 27, 28].map((place) => pageAt(pageStarts, place))).to.deep.equal([1, 1, 3]);
  });

  it('holds every word of every page, wherever it is painted, and all offsets are right', () => {
    const item = fc
      .tuple(
        fc.integer({ min: 0, max: 600 }),
        fc.integer({ min: 0, max: 800 }),
        fc.stringMatching(/^[a-z]{1,9}$/),
        fc.constantFrom(8, 10, 18),
      )
      .map((parts) => at(...parts));
    fc.assert(
      fc.property(fc.array(fc.array(item, { maxLength: 40 }), { minLength: 1, maxLength: 4 }), (pages) => {
        const { text, blocks, pageStarts } = read(...pages);
        const letters = (all: string) => [...all.replace(/[^a-z]/g, '')].sort().join('');
        expect(letters(text)).to.equal(
          letters(
            pages
              .flat()
              .map(({ str }) => str)
              .join(''),
          ),
        );
        expect(pageStarts).to.have.lengthOf(pages.length);
        expect(pageStarts).to.deep.equal(pageStarts.toSorted((a, b) => a - b));
        blocks.forEach(({ start, end }, index) => {
          expect(text.slice(start, end).trim()).to.not.equal('');
          expect(start).to.equal(index === 0 ? 0 : (blocks[index - 1]?.end ?? 0) + 2);
        });
        expect(blocks.at(-1)?.end ?? 0).to.equal(text.length);
      }),
    );
  });
});
