import { wordPieces } from './word-pieces.ts';

/**
 * Counts the word pieces that an uncased BERT makes of a text, as most models that embed on one's own machine do. A word
 * that its vocabulary cannot write counts as much as its characters might, rather too much than too little: what cost
 * nothing could go on without end. Counts add up over cuts between words.
 */
export const countTokens = (text: string, start = 0, end = text.length): number =>
  measure(text, start, end, Number.POSITIVE_INFINITY).tokens;

/** Where a text that begins at `start` must end, at the latest, to cost no more than `budget`. */
export const reach = (text: string, start: number, end: number, budget: number): number =>
  measure(text, start, end, budget).at;

function measure(text: string, start: number, end: number, budget: number): { tokens: number; at: number } {
  let tokens = 0;
  let at = start;
  while (at < end) {
    const kind = kindOf(text.charCodeAt(at));
    const next = kind === LETTER ? wordEnd(text, at, end) : at + 1;
    const cost = kind === LETTER ? costOf(text.slice(at, next)) : kind === ALONE ? 1 : 0;
    if (tokens + cost > budget) break;
    tokens += cost;
    at = next;
  }
  // A word is cut only where nothing stands before it.
  return { tokens, at: tokens === 0 && at < end ? at + charsWithin(text, at, end, budget) : at };
}

function wordEnd(text: string, start: number, end: number): number {
  let at = start + 1;
  while (at < end && kindOf(text.charCodeAt(at)) === LETTER) at++;
  return at;
}

/** BERT parts words at white space and takes each of some characters for a word by itself. */
const SPACE = 1;
const ALONE = 2;
const LETTER = 3;
/** Of a pair of surrogates, which counts as one character that stands alone. */
const SECOND_HALF = 4;

const PUNCTUATION = /[!-/:-@[-`{-~\p{P}]/u;
const CHINESE = /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]/;

/** By UTF-16 unit; 0 where nobody asked yet. */
const kinds = new Uint8Array(0x1_0000);

function kindOf(code: number): number {
  const known = kinds[code] ?? 0;
  if (known !== 0) return known;
  const kind = findKind(code);
  kinds[code] = kind;
  return kind;
}

function findKind(code: number): number {
  if (code >= 0xdc00 && code <= 0xdfff) return SECOND_HALF;
  if (code >= 0xd800 && code <= 0xdbff) return ALONE;
  const char = String.fromCharCode(code);
  if (/\s/.test(char)) return SPACE;
  return PUNCTUATION.test(char) || CHINESE.test(char) ? ALONE : LETTER;
}

const costOf = (word: string): number => wordPieces(word) ?? Math.max(1, unknownCost(word));

/** A letter or digit of a word that nobody knows: a hash, a path, a sequence. */
const LATIN_COST = 0.7;
const LAST_LATIN = 0x24f;
/** Hangul syllables, in rows of all that begin with the same two letters; the first of a row has no third. */
const HANGUL = { first: 0xac00, last: 0xd7a3, row: 28 } as const;

function charCost(code: number): number {
  if (code <= LAST_LATIN) return LATIN_COST;
  return code >= HANGUL.first && code <= HANGUL.last ? hangulCost(code) : 1;
}

/** BERT takes a Hangul syllable apart into its letters. */
const hangulCost = (code: number): number => ((code - HANGUL.first) % HANGUL.row === 0 ? 2 : 3);

function unknownCost(word: string): number {
  let cost = 0;
  for (let at = 0; at < word.length; at++) cost += charCost(word.charCodeAt(at));
  return cost;
}

/** How much of a word that does not fit does so. */
function charsWithin(text: string, start: number, end: number, budget: number): number {
  let left = budget;
  let at = start;
  while (at < end && left >= charCost(text.charCodeAt(at))) left -= charCost(text.charCodeAt(at++));
  return at - start;
}
