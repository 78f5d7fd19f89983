import { expect } from 'chai';
import fc from 'fast-check';
import type { ParsedDocument } from '../../services/rag-orchestrator/split/document.ts';
import { DocumentError } from '../../services/rag-orchestrator/split/document-error.ts';
import { parse } from '../../services/rag-orchestrator/split/parse.ts';
import { embeddingText, MIN_SIZE, type PassageDraft, split } from '../../services/rag-orchestrator/split/split.ts';
import { countTokens } from '../../services/rag-orchestrator/split/tokens.ts';
import { html, markdown, prose } from './generate.ts';

const KINDS = { 'text/plain': prose, 'text/markdown': markdown, 'text/html': html } as const;
const size = fc.oneof(fc.constant(200), fc.integer({ min: MIN_SIZE, max: 400 }));
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** The most that one grapheme may cost and still be kept whole. */
const WHOLE_GRAPHEME_CHARS = 100;

const boundariesOf = (text: string): Set<number> =>
  new Set(
    [...graphemes.segment(text)]
      .flatMap(({ index, segment }) =>
        segment.length > WHOLE_GRAPHEME_CHARS ? Array.from({ length: segment.length }, (_, at) => index + at) : [index],
      )
      .concat(text.length),
  );

/** Marks every UTF-16 unit that a passage, or the path of one, carries. */
function uncovered(document: ParsedDocument, passages: readonly PassageDraft[]): string {
  const covered = new Uint8Array(document.text.length);
  for (const { start, end } of passages) covered.fill(1, start, end);
  const paths = passages.map(({ heading }) => heading);
  for (const block of document.blocks) {
    if (block.kind === 'heading' && paths.some((path) => path.includes(block.title)))
      covered.fill(1, block.start, block.end);
  }
  return Array.from(document.text, (_, at) => at)
    .filter((at) => covered[at] === 0)
    .map((at) => document.text.charAt(at))
    .join('')
    .trim();
}

const tooDeep = (error: unknown): undefined => {
  if (!(error instanceof DocumentError)) throw error;
};

for (const [mimeType, content] of Object.entries(KINDS)) {
  describe(`any ${mimeType}`, function () {
    this.timeout(120_000);
    const holds = (
      overlap: fc.Arbitrary<number>,
      check: (document: ParsedDocument, passages: PassageDraft[], size: number) => void,
    ) =>
      fc.assert(
        fc.asyncProperty(content, size, overlap, async (source, most, repeated) => {
          const document = await parse(source, mimeType).catch(tooDeep);
          fc.pre(document !== undefined);
          check(document, split(document, { size: most, overlap: repeated }), most);
        }),
        { numRuns: 300 },
      );
    const none = fc.constant(0);
    const some = fc.integer({ min: 1, max: 60 });

    it('makes passages that are slices of the text, in order, none blank', () =>
      holds(fc.oneof(none, some), ({ text }, passages) => {
        passages.forEach((passage, index) => {
          expect(text.slice(passage.start, passage.end)).to.equal(passage.text);
          expect(passage.text.trim()).to.not.equal('');
          expect(passage.ord).to.equal(index);
          expect(passage.start).to.be.greaterThan(passages[index - 1]?.start ?? -1);
        });
      }));

    it('loses nothing and repeats nothing', () =>
      holds(none, (document, passages) => {
        expect(uncovered(document, passages)).to.equal('');
        for (const [index, { start }] of passages.entries())
          expect(start).to.be.at.least(passages[index - 1]?.end ?? 0);
      }));

    it('loses nothing with an overlap, and repeats only the end of the passage before', () =>
      holds(some, (document, passages) => {
        expect(uncovered(document, passages)).to.equal('');
        passages.forEach(({ start, end }, index) => {
          const before = passages[index - 1];
          expect(start).to.be.greaterThan(before?.start ?? -1);
          expect(end).to.be.greaterThan(before?.end ?? 0);
        });
      }));

    it('cuts no grapheme', () =>
      holds(fc.oneof(none, some), ({ text }, passages) => {
        const boundaries = boundariesOf(text);
        for (const { start, end } of passages) {
          expect(boundaries.has(start), `start ${start}: ${JSON.stringify(text.slice(start - 4, start + 4))}`).to.equal(
            true,
          );
          expect(boundaries.has(end), `end ${end}: ${JSON.stringify(text.slice(end - 4, end + 4))}`).to.equal(true);
        }
      }));

    it('keeps to the size, headings included', () =>
      holds(fc.oneof(none, some), (_, passages, most) => {
        for (const { heading, text } of passages) {
          const cost = countTokens(embeddingText(heading, text));
          // Only a grapheme that is kept whole may exceed it: itself, or the rest of a longer one behind a loose mark.
          if (cost > most + SLACK) expect([...graphemes.segment(text)].length).to.be.at.most(2);
        }
      }));

    it('makes text that a database can store', () =>
      holds(none, ({ text }) => {
        expect(text).to.not.match(/[\p{Surrogate}\0]/u);
      }));
  });
}

/** A cut that moves to the edge of a grapheme may take a sign with it. */
const SLACK = 4;
