import type { ParsedDocument, TextBlock } from './document.ts';
import { linesOf } from './lines.ts';

/** Plain text: blank lines part its paragraphs. It has no headings and no title of its own. */
export function parsePlainText(text: string): ParsedDocument {
  const blocks: TextBlock[] = [];
  let start: number | undefined;
  let end = 0;
  const close = () => {
    if (start !== undefined) blocks.push({ kind: 'paragraph', start, end });
    start = undefined;
  };
  for (const line of linesOf(text)) {
    if (text.slice(line.start, line.end).trim() === '') close();
    else {
      start ??= line.start;
      end = line.end;
    }
  }
  close();
  return { text, title: '', blocks };
}
