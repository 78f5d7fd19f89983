/** What a reader sees of a line of inline Markdown: link texts instead of links, no emphasis, ticks, tags or escapes. */
export function plainInline(markdown: string): string {
  const plain = /[[<`*~_\\&]/.test(markdown) ? unshielded(withoutMarks(shielded(markdown))) : markdown;
  return plain.replace(/\s+/g, ' ').trim();
}

const withoutMarks = (markdown: string): string =>
  markdown
    .replace(IMAGE, '$1')
    .replace(LINK, '$1')
    .replace(REFERENCE, '$1')
    .replace(/<(https?:[^<>\s]*|[^<>\s@]+@[^<>\s]+)>/g, '$1')
    .replace(/<\/?[a-zA-Z][^<>]*>/g, '')
    .replace(/(\*\*|~~|\*)(?=\S)([^*~]*[^*~\s])\1/g, '$2')
    .replace(/(?<![\p{L}\p{N}_])(__|_)(?=\S)([^_]*[^_\s])\1(?![\p{L}\p{N}_])/gu, '$2')
    .replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (entity, name: string) => ENTITIES[name] ?? entity);

const IMAGE = /!\[([^[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)?\)|\[[^[\]]*\])/g;
const LINK = /\[([^[\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)?\)/g;
/** Not straight after a word: that is rather a signature, as in `indexOf(value[, start][, end])`. */
const REFERENCE = /(?<![\p{L}\p{N}\])])\[([^[\]]*)\]\[[^[\]]*\]/gu;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' };

/** Signs that mean themselves, in code and after a backslash, are moved out of reach while marks are removed. */
const SHIELD = 0xe000;
const SIGNS = /[!-/:-@[-`{-~]/g;
const SHIELDED_SIGNS = /[\uE021-\uE07E]/g;

const shield = (text: string): string =>
  text.replace(SIGNS, (sign) => String.fromCharCode(SHIELD + sign.charCodeAt(0)));

const shielded = (markdown: string): string =>
  markdown
    .replace(/(?<![\\`])(`+)(?!`)( ?)(.+?)\2(?<!`)\1(?!`)/g, (_, _ticks, _space, code: string) => shield(code))
    .replace(/\\([!-/:-@[-`{-~])/g, (_, sign: string) => shield(sign));

const unshielded = (text: string): string =>
  text.replace(SHIELDED_SIGNS, (sign) => String.fromCharCode(sign.charCodeAt(0) - SHIELD));
