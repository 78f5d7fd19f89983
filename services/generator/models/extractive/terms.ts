const WORD = /[\p{L}\p{N}]+/gu;

/** Words that say nothing about what a sentence is about. */
const STOP_WORDS = new Set(
  (
    'a about above after again all also am an and any are as at be because been before being below between both but by can ' +
    'could did do does doing down during each few for from further had has have having he her here hers him his how i if in ' +
    'into is it its itself just me more most my no nor not now of off on once only or other our out over own please same she ' +
    'should so some such tell than that the their them then there these they this those through to too under until up us use ' +
    'very was way we were what when where which while who whom why will with would you your'
  ).split(' '),
);

/** Endings that change a word's form and not its subject, longest first. What they leave must still be a word. */
const ENDINGS = ['ations', 'ation', 'ings', 'ing', 'ies', 'ied', 'edly', 'ers', 'er', 'ed', 'es', 'ly', 's', 'e', 'y'];
const SHORTEST_STEM = 3;

/** A light stem: `retries`, `retried` and `retry` become one. Never shown to anybody. */
export function stem(word: string): string {
  const ending = ENDINGS.find((each) => word.endsWith(each) && word.length - each.length >= SHORTEST_STEM);
  return ending === undefined ? word : word.slice(0, -ending.length);
}

const words = (text: string): string[] => text.toLowerCase().match(WORD) ?? [];

/** What a text is about: the stems of its words without stop words. */
export const terms = (text: string): Set<string> =>
  new Set(
    words(text)
      .filter((word) => !STOP_WORDS.has(word))
      .map(stem),
  );

/** As `terms`, but a question of nothing but stop words keeps them. */
export function questionTerms(question: string): Set<string> {
  const found = terms(question);
  return found.size > 0 ? found : new Set(words(question).map(stem));
}
