/** A line of a text: `end` is before its line ending, `next` is where the following line begins. */
export interface Line {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/** The lines of a text from `from` to `to`; they end at \n, \r\n or \r. */
export function* linesOf(text: string, from = 0, to = text.length): Generator<Line> {
  // Each kind of ending is looked for once, not for each line: a text without any is not searched to its end every time.
  let feed = indexOrEnd(text, '\n', from, to);
  let carriage = indexOrEnd(text, '\r', from, to);
  for (let start = from; start < to; ) {
    if (feed < start) feed = indexOrEnd(text, '\n', start, to);
    if (carriage < start) carriage = indexOrEnd(text, '\r', start, to);
    const end = Math.min(feed, carriage);
    const isPair = end === carriage && feed === carriage + 1;
    const next = Math.min(to, isPair ? end + 2 : end + 1);
    yield { start, end, next };
    start = next;
  }
}

function indexOrEnd(text: string, character: string, from: number, to: number): number {
  const found = text.indexOf(character, from);
  return found === -1 || found > to ? to : found;
}
