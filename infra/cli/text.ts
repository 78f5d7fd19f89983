/** Text from elsewhere, made safe for a terminal: nothing in it may move the cursor; lines and tabs stay. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
export const safe = (text: string): string => text.replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, ' ');

/** The same on one line. */
export const oneLine = (text: string): string => safe(text).replaceAll(/\s+/g, ' ').trim();

export const shortened = (text: string, chars: number): string => {
  const line = oneLine(text);
  const graphemes = Array.from(line);
  return graphemes.length <= chars
    ? line
    : `${graphemes
        .slice(0, chars - 1)
        .join('')
        .trimEnd()}…`;
};

/** Where a passage stands: the title of its document and the headings above it, each said once, and its page. */
export function placeOf(title: string, heading: string, page?: number): string {
  const isTold = heading === title || heading.startsWith(`${title} › `);
  const place = isTold ? heading : [title, heading].filter((part) => part !== '').join(' › ');
  return page === undefined ? place : `${place}, p. ${page}`;
}

/** `1 document`, `2 documents`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** Rows under a head, in columns as wide as their widest cell; the last is not padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)];
}

/** How long ago, in the largest unit that fits: `42 s`, `7 min`, `3 h`, `12 d`. */
export function age(time: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
