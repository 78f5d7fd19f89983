import type { TextPiece } from './models/model.ts';

/** Widest gap between a text and its citation that belongs to the citation. */
const GAP = String.raw`[^\S\n]{0,4}`;
/** What is between brackets; longer, or over a line's end, it is no citation. */
const INSIDE = String.raw`[^[\]【】［］\n]`;
const MOST_INSIDE = 60;
/** However great: how many digits there can be is bounded by what a bracket may hold. */
const NUMBER = String.raw`(?:sources?:?\s*)?\^?\d+`;
const ITEM = String.raw`${NUMBER}(?:\s*[–—-]\s*\d+)?`;
/** `[1]`, `[1, 2]`, `[1-3]`, `[^1]`, `[Source 1]`, `【1】`, `【1†source】`: models write all of these. */
const MARK = String.raw`[[【［](?=${INSIDE}{1,${MOST_INSIDE}}[\]】］])\s*${ITEM}(?:\s*[,;、]\s*${ITEM})*\s*(?:†${INSIDE}*)?[\]】］]`;
/** What is looked at in a text, in this order: code may begin or end, a line ends, somebody is cited. */
const TOKENS = new RegExp(String.raw`(?<fence>\x60+)|(?<gap>${GAP})(?<mark>${MARK})|\n`, 'giu');
/** The end of a growing text that may yet become a citation, the gap before one, or a longer fence. */
const UNDECIDED = new RegExp(String.raw`(?:${GAP}(?:[[【［]${INSIDE}{0,${MOST_INSIDE}})?|\x60+)$`, 'u');

const RANGE = /(\d+)\s*[–—-]\s*(\d+)/;
const BLOCK_FENCE = 3;
/** The end of the text before a mark by which a copy is told from a citation. */
const CONTEXT_CHARS = 24;
const FEWEST_CONTEXT_CHARS = 12;
const IDENTIFIER = /[\w$]+$/;

const OPENING = ['[', '【', '［'];
const CLOSING = [']', '】', '］', '\n'];

const lastOf = (text: string, characters: readonly string[]): number =>
  Math.max(...characters.map((character) => text.lastIndexOf(character)));

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** The numbers from 1 to `most` that a mark names. */
function numbersOf(mark: string, most: number): number[] {
  const named = mark.split(/[,;、]/).flatMap((item) => {
    const [, from, to] = RANGE.exec(item)?.map(Number) ?? [];
    if (from === undefined || to === undefined) return [Number(/\d+/.exec(item)?.[0])];
    return from <= to ? fromTo(Math.max(from, 1), Math.min(to, most)) : [from, to];
  });
  return named.filter((n) => n >= 1 && n <= most);
}

const fromTo = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

/**
 * Makes the citations of a growing text right as it passes: each becomes `[n]`, and one of a source that does not exist
 * is left out, with the gap before it. What a source itself says in brackets and the text only repeats is no citation: it
 * is left out as well, or left alone where it is code. However the text is cut into pieces, the outcome is the same.
 */
export class Citations {
  readonly #sources: readonly string[];
  readonly #cited = new Set<number>();
  #held = '';
  /** The end of what was passed on, on one line. */
  #context = '';
  /** A bracket was passed on that is still open in its line. */
  #inBrackets = false;
  /** The backticks that opened the code in which the text is; empty outside of code. */
  #fence = '';

  /** `sources`: the texts that may be cited, the first by `[1]`. */
  constructor(sources: readonly string[]) {
    this.#sources = sources.map(flat);
  }

  /** Numbers of the sources that the text has cited so far, ascending. */
  get cited(): number[] {
    return [...this.#cited].sort((a, b) => a - b);
  }

  /** Takes a piece; gives what of the text is decided by now. One that says what it cites is right as it stands. */
  add({ text: piece, cites }: TextPiece): string {
    if (cites !== undefined) {
      for (const n of cites) this.#cited.add(n);
      return this.end() + this.#pass(piece);
    }
    const text = this.#held + piece;
    const decided = UNDECIDED.exec(text)?.index ?? text.length;
    this.#held = text.slice(decided);
    return this.#right(text.slice(0, decided));
  }

  /** The rest: nothing more comes. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return this.#right(rest);
  }

  #right(text: string): string {
    let out = '';
    let from = 0;
    for (const found of text.matchAll(TOKENS)) {
      out += this.#pass(text.slice(from, found.index));
      from = found.index + found[0].length;
      const { fence, gap = '', mark } = found.groups ?? {};
      if (mark !== undefined && this.#fence === '') out += this.#pass(this.#citation(gap, mark));
      else {
        if (mark === undefined) this.#toggle(fence);
        out += this.#pass(found[0]);
      }
    }
    return out + this.#pass(text.slice(from));
  }

  #pass(text: string): string {
    const [opened, closed] = [lastOf(text, OPENING), lastOf(text, CLOSING)];
    if (opened !== closed) this.#inBrackets = opened > closed;
    this.#context = flat(this.#context + text).slice(-CONTEXT_CHARS);
    return text;
  }

  /** Code within a line ends with it at the latest: a single backtick is more often a slip than code of many lines. */
  #toggle(fence: string | undefined): void {
    if (fence === undefined) this.#fence = this.#fence.length < BLOCK_FENCE ? '' : this.#fence;
    else if (this.#fence === '') this.#fence = fence;
    else if (this.#fence === fence) this.#fence = '';
  }

  #citation(gap: string, mark: string): string {
    if (gap === '' && this.#isCode(mark)) return mark;
    const numbers = numbersOf(mark, this.#sources.length);
    // Inside of other brackets something has to stay, or the rest would read as a citation.
    if (numbers.length === 0 || this.#isCopy(gap, mark, numbers)) return this.#inBrackets ? `${gap}…` : '';
    for (const n of numbers) this.#cited.add(n);
    return gap + numbers.map((n) => `[${n}]`).join('');
  }

  /** `argv[1]`, as a source has it. */
  #isCode(mark: string): boolean {
    const identifier = IDENTIFIER.exec(this.#context)?.[0];
    return identifier !== undefined && this.#sources.some((source) => source.includes(identifier + mark));
  }

  /** Some source has these very words with this mark, and it is none of those that the mark would cite. */
  #isCopy(gap: string, mark: string, numbers: readonly number[]): boolean {
    if (this.#context.length < FEWEST_CONTEXT_CHARS) return false;
    const words = flat(this.#context + gap) + flat(mark);
    const holders = this.#sources.flatMap((source, index) => (source.includes(words) ? [index + 1] : []));
    return holders.length > 0 && !holders.some((n) => numbers.includes(n));
  }
}
