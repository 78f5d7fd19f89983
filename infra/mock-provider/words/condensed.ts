/** The end of a prompt that wants a question to stand alone. */
const WISH = /^Question: (?<question>[^\n]*)\n\nStand-alone question:\s*$/m;
const USER = /^User: (?<said>.*)$/gm;

const words = (text: string): string[] => text.match(/[\p{L}\p{N}]{4,}/gu) ?? [];

/** The question with the words that the conversation before it has and it lacks. Undefined when that is not what is wanted. */
export function condensed(prompt: string): string | undefined {
  const question = WISH.exec(prompt)?.groups?.question;
  if (question === undefined) return undefined;
  const known = new Set(words(question.toLowerCase()));
  const said = [...prompt.matchAll(USER)].map((found) => found.groups?.said ?? '').at(-1) ?? '';
  const missing = words(said).filter((word) => !known.has(word.toLowerCase()));
  return missing.length === 0 ? question : `${question} (${missing.join(' ')})`;
}
