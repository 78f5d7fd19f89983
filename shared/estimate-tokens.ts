/** Of European languages; a character of others is nearly a token by itself. */
const CHARS_PER_TOKEN = 4;
const BEYOND_LATIN = /[\u{250}-\u{10ffff}]/gu;

/** About how many tokens a text has, for providers that do not count them. */
export function estimateTokens(texts: readonly string[]): number {
  let tokens = 0;
  for (const text of texts) {
    const beyond = text.match(BEYOND_LATIN)?.length ?? 0;
    tokens += beyond + Math.ceil((text.length - beyond) / CHARS_PER_TOKEN);
  }
  return tokens;
}
