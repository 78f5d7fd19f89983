/** Whether a text begins as a page of HTML does. */
export const looksLikeHtml = (head: string): boolean =>
  /^\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--[\s\S]{0,4000}?-->\s*)?<(?:!doctype\s+html|html|head|body)[\s>]/i.test(head);

/** Whether there is a tag or an entity at all. */
export const hasMarkup = (text: string): boolean => /<[a-z!/?]|&(?:#\w+|[a-z]+);/i.test(text);

/** Of the lines that could be headings, this share must stand alone: comments in scripts and settings do not. */
const MIN_ALONE_SHARE = 0.8;

/** Whether a text has headings as Markdown writes them: `#` lines with an empty line, or nothing, before and after. */
export function looksLikeMarkdown(text: string): boolean {
  let headings = 0;
  let alone = 0;
  const lines = text.split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (!/^#{1,6} \S/.test(line)) continue;
    headings++;
    if (isBlank(lines[index - 1]) && isBlank(lines[index + 1])) alone++;
  }
  return headings > 0 && alone >= headings * MIN_ALONE_SHARE;
}

const isBlank = (line: string | undefined): boolean => line === undefined || line.trim() === '';
