import { hash, numbersFrom } from './seed.ts';

/** Some need two, three or four bytes in UTF-8: what cuts bytes carelessly shows it. */
const WORDS = (
  'the warren keeps a queue of rabbits and each rabbit carries one letter through its own tunnel until daybreak ' +
  'café naïve señor größer smörgåsbord Łódź 東京 兎 → 🐇 durable message finds another way when that burrow is closed ' +
  'meadow clover carrot hedge moon river quiet order swift patient deep warm listens returns waits'
).split(' ');

const SHORTEST_SENTENCE = 5;
const SENTENCE_SPREAD = 8;

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** Sentences of so many words in all; the same prompt has the same text, a longer one begins with the shorter. */
export function prose(prompt: string, words: number): string {
  const next = numbersFrom(hash(prompt));
  const text: string[] = [];
  let left = 0;
  for (let i = 0; i < words; i += 1) {
    const begins = left === 0;
    if (begins) left = SHORTEST_SENTENCE + next(SENTENCE_SPREAD);
    left -= 1;
    const word = WORDS[next(WORDS.length)] ?? 'rabbit';
    text.push(`${begins ? capitalised(word) : word}${left === 0 ? '.' : ''}`);
  }
  return text.join(' ');
}
