import type { Block, ParsedDocument } from './document.ts';
import { frontMatter } from './front-matter.ts';
import { scanMarkdown } from './markdown-blocks.ts';

/** Markdown (GitHub's): the text is kept as it is. Its title is that of its front matter, else its first `#` heading. */
export function parseMarkdown(text: string): ParsedDocument {
  const matter = frontMatter(text);
  const blocks: Block[] = scanMarkdown(text, matter?.end ?? 0);
  const first = blocks.find((block) => block.kind === 'heading' && block.depth === 1);
  const title = matter?.title ?? (first?.kind === 'heading' ? first.title : '');
  if (matter !== undefined) blocks.unshift({ kind: 'paragraph', start: 0, end: matter.end });
  return { text, title, blocks };
}
