/** [1], [1, 2], [1][2], [1-3]; models write all of these. */
const CITATION = /\[(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\]/g;
const RANGE = /^(\d+)\s*[–-]\s*(\d+)$/;

function numbers(part: string): number[] {
  const range = RANGE.exec(part.trim());
  if (range === null) return part.split(/[–-]/).map(Number);
  const [from, to] = [Number(range[1]), Number(range[2])];
  return from <= to ? Array.from({ length: to - from + 1 }, (_, index) => from + index) : [from, to];
}

/** The numbers of the passages that a text cites, ascending; numbers of passages that do not exist are left out. */
export function citedNumbers(text: string, passages: number): number[] {
  const found = new Set<number>();
  for (const [, list = ''] of text.matchAll(CITATION)) {
    for (const n of list.split(/[,;]/).flatMap(numbers)) if (n >= 1 && n <= passages) found.add(n);
  }
  return [...found].sort((a, b) => a - b);
}
