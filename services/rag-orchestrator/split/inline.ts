/** What a reader sees of one line of inline Markdown: link texts instead of links, no emphasis, ticks, tags or escapes. */
export function plainInline(markdown: string): string {
  return markdown
    .replace(/!?\[([^[\]]*)\](?:\([^()\s]*(?:\([^()]*\)[^()]*)?(?:\s+"[^"]*")?\)|\[[^[\]]*\])/g, '$1')
    .replace(/<(https?:[^<>\s]*|[^<>\s@]+@[^<>\s]+)>/g, '$1')
    .replace(/<\/?[a-zA-Z][^<>]*>/g, '')
    .replace(/`+ ?([^`]+?) ?`+/g, '$1')
    .replace(/(\*\*|~~|\*)(?=\S)([^*~]*[^*~\s])\1/g, '$2')
    .replace(/(?<![\p{L}\p{N}_])(__|_)(?=\S)([^_]*[^_\s])\1(?![\p{L}\p{N}_])/gu, '$2')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (entity, name: string) => ENTITIES[name] ?? entity)
    .replace(/\s+/g, ' ')
    .trim();
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' };
