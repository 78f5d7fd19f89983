/** A text in pieces that make it up again: a word with the white space before it is a token. */
export const tokens = (text: string): string[] => text.match(/\s*\S+/g) ?? [];

export const countTokens = (text: string): number => tokens(text).length;
