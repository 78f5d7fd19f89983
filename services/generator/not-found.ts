/** What an answer says when the sources do not hold one, whoever writes it. */
export const NOT_FOUND = 'The answer was not found in the collection.';

const ESSENCE = /\bnot found in the collection\b/i;
/** A model may add a word or two; a text that goes on has answered something. */
const LONGEST_CHARS = 2 * NOT_FOUND.length;

/** Whether a text says that there is no answer, and nothing else. */
export const saysNotFound = (text: string): boolean => text.length <= LONGEST_CHARS && ESSENCE.test(text);
