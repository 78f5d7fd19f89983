/** How far around a cut a grapheme is looked for; one that is longer may be cut. */
const WINDOW = 256;

/** Flags are pairs: which two belong together shows only from where their row begins. */
const FLAGS_WINDOW = 8192;

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The last place at or before `at` where no grapheme is cut. */
export const graphemeStart = (text: string, at: number): number => graphemeAround(text, at).start;

/** The first place at or after `at` where no grapheme is cut. */
export const graphemeEnd = (text: string, at: number): number => graphemeAround(text, at).end;

function graphemeAround(text: string, at: number): { start: number; end: number } {
  if (at <= 0 || at >= text.length || isPlainCut(text, at)) return { start: at, end: at };
  let from = at - 1;
  while (from > 0 && at - from < windowAt(text, from) && !standsAlone(text.charCodeAt(from))) from--;
  if (isLowSurrogate(text.charCodeAt(from))) from--;
  const found = segmenter.segment(text.slice(from, at + WINDOW)).containing(at - from);
  if (found === undefined || from + found.index === at) return { start: at, end: at };
  return { start: from + found.index, end: from + found.index + found.segment.length };
}

const windowAt = (text: string, at: number): number => (isFlagPart(text.charCodeAt(at)) ? FLAGS_WINDOW : WINDOW);

/** Half of a regional indicator. */
const isFlagPart = (code: number): boolean => code === 0xd83c || (code >= 0xdde6 && code <= 0xddff);

function isPlainCut(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  return standsAlone(before) && standsAlone(after) && !(before === 0x0d && after === 0x0a);
}

/** Characters that never join another of their kind: Latin letters and signs, CJK ideographs. */
const standsAlone = (code: number): boolean => code < 0x300 || (code >= 0x4e00 && code <= 0x9fff);

export const isLowSurrogate = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;
