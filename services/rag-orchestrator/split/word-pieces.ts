import { bertVocabulary } from '../../../shared/bert-vocabulary.ts';

/** Longer words are unknown to BERT as a whole. */
const LONGEST_WORD = 100;
const CONTINUATION = '##';
/** Counts of words seen before; text has few different ones. */
const REMEMBERED = 50_000;
const LONGEST_REMEMBERED = 32;

let vocabulary: ReadonlySet<string> | undefined;
const counts = new Map<string, number | undefined>();

/** How many pieces uncased BERT makes of a word, undefined when it does not know it. */
export function wordPieces(word: string): number | undefined {
  if (word.length > LONGEST_REMEMBERED) return pieces(word);
  if (!counts.has(word)) {
    if (counts.size === REMEMBERED) counts.clear();
    counts.set(word, pieces(word));
  }
  return counts.get(word);
}

/** WordPiece: from the left, always the longest piece there is. */
function pieces(word: string): number | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  vocabulary ??= new Set(bertVocabulary());
  const plain = word
    .normalize('NFD')
    .replaceAll(/\p{Mn}/gu, '')
    .toLowerCase();
  let count = 0;
  for (let at = 0; at < plain.length; count++) {
    let end = plain.length;
    const mark = at === 0 ? '' : CONTINUATION;
    while (end > at && !vocabulary.has(mark + plain.slice(at, end))) end--;
    if (end === at) return undefined;
    at = end;
  }
  return count;
}
