/**
 * Estimates how many word pieces an uncased BERT vocabulary makes of a text, rather too many than too few: English
 * prose counts about 1.5 times what it really is, Finnish or Polish a fifth too little, scripts that the vocabulary
 * knows by their letters only exactly. Counts add up over cuts between words.
 */
export const estimateTokens = (text: string, start = 0, end = text.length): number =>
  measure(text, start, end, Number.POSITIVE_INFINITY).tokens;

/** Where a text that begins at `start` must end, at the latest, to cost no more than `budget`. */
export const reach = (text: string, start: number, end: number, budget: number): number =>
  measure(text, start, end, budget).at;

/** Letters of a word that its first piece covers; each further letter costs a part of a piece. */
const LETTERS_IN_FIRST_PIECE = 3;
const LETTER_COST = 1 / 3;
/** Beyond this length a word is hardly a word but a hash, a path or a sequence. */
const LONG_WORD_LETTERS = 14;
/** A character of what no dictionary knows: digits, capitals in a row, the tail of a very long word. */
const ODD_COST = 0.7;
const ACCENT_COST = 0.8;
/** The vocabulary takes a Hangul syllable apart into its two or three letters. */
const HANGUL_COST = 2.5;

const SPACE = 0;
const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;
const ACCENTED = 4;
const OTHER = 5;

function kindOf(code: number): number {
  if (code >= 0x61 && code <= 0x7a) return LOWER;
  if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) return SPACE;
  if (code >= 0x41 && code <= 0x5a) return UPPER;
  if (code >= 0x30 && code <= 0x39) return DIGIT;
  if (code < 0xc0) return code === 0xa0 ? SPACE : OTHER;
  if (code < 0x250 || (code >= 0x1e00 && code < 0x1f00)) return ACCENTED;
  return code === 0x2028 || code === 0x2029 || code === 0x3000 || code === 0xfeff ? SPACE : OTHER;
}

const LATIN_CODES = 0x250;
const KINDS = Uint8Array.from({ length: LATIN_CODES }, (_, code) => kindOf(code));

function measure(text: string, start: number, end: number, budget: number): { tokens: number; at: number } {
  let tokens = 0;
  let position = 0; // in the word
  let previous = SPACE;
  let odd = false;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    const kind = code < LATIN_CODES ? (KINDS[code] ?? OTHER) : kindOf(code);
    const starts = previous === SPACE || previous === OTHER || (kind === UPPER && previous === LOWER);
    position = starts ? 0 : position + 1;
    odd = starts ? kind === DIGIT : odd || kind === DIGIT;
    const cost = kind === SPACE ? 0 : kind === OTHER ? costOfOther(code) : costInWord(position, kind, odd);
    if (tokens + cost > budget) return { tokens, at };
    tokens += cost;
    previous = kind;
  }
  return { tokens, at: end };
}

function costInWord(position: number, kind: number, odd: boolean): number {
  if (position === 0) return 1;
  if (kind === ACCENTED) return ACCENT_COST;
  if (kind === UPPER || odd || position > LONG_WORD_LETTERS) return ODD_COST;
  return position < LETTERS_IN_FIRST_PIECE ? 0 : LETTER_COST;
}

/** Signs and letters of other scripts cost one each; of a surrogate pair only the first half counts. */
function costOfOther(code: number): number {
  if (code >= 0xac00 && code <= 0xd7a3) return HANGUL_COST;
  return code >= 0xdc00 && code <= 0xdfff ? 0 : 1;
}
