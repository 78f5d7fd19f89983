/** A sentence of a passage, to the letter. */
export interface Sentence {
  readonly text: string;
  /** Its place among the sentences of its passage, from 0. */
  readonly position: number;
}

const SHORTEST = 15;
const LONGEST = 600;
/** Words in a sentence, at least: less is a label. */
const FEWEST_WORDS = 3;

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Blank lines, a colon at a line's end, and lines that begin a list item, heading, quote or table row end a sentence. */
const BLOCK = /(?<=:)\n|\n(?=\s*\n|\s*(?:[-*+•]|\d+[.)]|#{1,6}|>|\|)\s)/;
const MARKERS = /^(?:\s*(?:[-*+•]|\d+[.)]|#{1,6}|>)\s+)+/;
const HEADING = /^\s*#{1,6}\s/;
const FENCE = /^\s*(?:```|~~~)/;
/** Code outside of fences: a statement's end, a prompt. */
const CODE_LINE = /[;{}]\s*$|^\s*(?:\$|>>>|%|@)\s?\S/;
const TABLE_ROW = /^\s*\|/;
const SETEXT_RULE = /^\s*(?:[-=*_]\s*){3,}$/m;

interface Line {
  readonly text: string;
  readonly code: boolean;
}

/** Marks lines of code: those inside fences, the fences included, and those that look like it. */
function lines(text: string): Line[] {
  let inside = false;
  return text.split('\n').map((line) => {
    const fence = FENCE.test(line);
    if (fence) inside = !inside;
    return { text: line, code: fence || inside || CODE_LINE.test(line) };
  });
}

/** Prose of a passage, code left out, in blocks that no sentence crosses. */
function blocks(text: string): string[] {
  const runs: string[] = [''];
  for (const line of lines(text)) {
    if (line.code) runs.push('');
    else runs.push(`${runs.pop() ?? ''}${line.text}\n`);
  }
  return runs.flatMap((run) => run.split(BLOCK));
}

/** Lines of one paragraph are one text for the segmenter, which would end a sentence at each. Offsets stay the same. */
const segments = (block: string): string[] => {
  const flat = block.replaceAll('\n', ' ');
  return Array.from(segmenter.segment(flat), ({ index, segment }) => block.slice(index, index + segment.length).trim());
};

/** Share of letters and spaces, at least: less is markup, code or a row of numbers. */
const LETTERS = 0.6;
/** Would read as a citation of one of the answer's sources. */
const LIKE_A_CITATION = /[[【［]\s*\d{1,3}\s*(?:[,;–—-]\s*\d{1,3}\s*)*[\]】］]/;

function isSentence(text: string): boolean {
  if (LIKE_A_CITATION.test(text)) return false;
  if (text.length < SHORTEST || text.length > LONGEST || text.split(/\s+/).length < FEWEST_WORDS) return false;
  return text.replaceAll(/[^\p{L}\p{M}\s]/gu, '').length >= text.length * LETTERS;
}

const isProse = (block: string): boolean => !HEADING.test(block) && !TABLE_ROW.test(block) && !SETEXT_RULE.test(block);

/** The sentences of a passage: plain text or Markdown, without headings, tables and code. Each is a slice of it. */
export const sentences = (text: string): Sentence[] =>
  blocks(text)
    .filter(isProse)
    .flatMap((block) => segments(block.replace(MARKERS, '')))
    .filter(isSentence)
    .map((sentence, position) => ({ text: sentence, position }));
