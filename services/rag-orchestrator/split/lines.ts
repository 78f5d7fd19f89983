/** A line of a text: `end` is before its line ending, `next` is where the following line begins. */
export interface Line {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/** The lines of a text from `from` to `to`; they end at \n, \r\n or \r. */
export function* linesOf(text: string, from = 0, to = text.length): Generator<Line> {
  // The next \r is looked for once, not for each line: a text without any must not be searched to its end every time.
  let carriage = indexOrEnd(text, '\r', from, to);
  for (let start = from; start < to; ) {
    if (carriage < start) carriage = indexOrEnd(text, '\r', start, to);
    const feed = indexOrEnd(text, '\n', start, to);
    const end = Math.min(feed, carriage);
    const next = Math.min(to, end === carriage && feed === carriage + 1 ? end + 2 : end + 1);
    yield { start, end, next };
    start = next;
  }
}

function indexOrEnd(text: string, character: string, from: number, to: number): number {
  const found = text.indexOf(character, from);
  return found === -1 || found > to ? to : found;
}
