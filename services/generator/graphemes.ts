const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** No character is longer, in UTF-16 units; beyond, a text is an attack and may be cut between code points. */
const LONGEST_UNITS = 256;

const isLeadSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

/**
 * Length in UTF-16 units of what of a growing text is certainly whole characters as a reader sees them. The last one is
 * left out: an accent, a joiner, the second half of a flag or of a surrogate pair may still follow.
 */
export function wholeCharacters(text: string): number {
  // Half a surrogate pair would hide from the segmenter what it belongs to.
  const length = isLeadSurrogate(text.charCodeAt(text.length - 1)) ? text.length - 1 : text.length;
  const from = Math.max(0, length - LONGEST_UNITS);
  const last = Array.from(segmenter.segment(text.slice(from, length))).at(-1);
  const whole = from + (last?.index ?? 0);
  return whole > from || from === 0 ? whole : length;
}
