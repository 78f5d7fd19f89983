import { linesOf } from './lines.ts';

/** Front matter longer than this is none. */
const MAX_LINES = 200;

/** The YAML block at the top of a Markdown file: where it ends, and its `title` if it is a plain one. */
export function frontMatter(text: string): { end: number; title: string | undefined } | undefined {
  if (!/^---[ \t]*[\r\n]/.test(text)) return undefined;
  let title: string | undefined;
  let count = 0;
  for (const { start, end } of linesOf(text)) {
    const line = text.slice(start, Math.min(end, start + 1000));
    if (count > 0 && /^(?:---|\.\.\.)[ \t]*$/.test(line)) return { end, title };
    if (count > 0 && line.trim() === '' && count === 1) return undefined;
    title ??= /^title:[ \t]+(["']?)(\S.*?)\1[ \t]*$/.exec(line)?.[2];
    if (++count > MAX_LINES) return undefined;
  }
  return undefined;
}
