import { headingOf, type Section } from './outline.ts';
import { type Span, trimmed } from './span.ts';
import { countTokens } from './tokens.ts';

/** A piece of a document on its way to a passage. */
export interface Piece extends Span {
  readonly section: Section;
  /** It begins where its section's text begins. */
  readonly isFirst: boolean;
  /** It ends where its section's text ends. */
  readonly isLast: boolean;
}

/** About fifteen words: less than that says little by itself. */
const FRAGMENT_TOKENS = 20;

/**
 * Joins fragments with the piece before or behind them, where both stand under one heading (the one under the other,
 * or both directly under the same) and the whole fits. Of another section only all of it is taken in, so that none is torn
 * between two headings. What is joined carries the heading that they share; headings
 * in between become part of its text.
 */
export function joinFragments(text: string, pieces: readonly Piece[], size: number): Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    const both = last === undefined ? undefined : joinedPiece(text, last, piece, size);
    if (both === undefined) joined.push(piece);
    else joined[joined.length - 1] = both;
  }
  return joined;
}

function joinedPiece(text: string, before: Piece, after: Piece, size: number): Piece | undefined {
  if (!isFragment(text, before) && !isFragment(text, after)) return undefined;
  const section = sharedSection(before, after);
  if (section === undefined) return undefined;
  const start = section === before.section ? before.start : (before.section.heading?.start ?? before.start);
  const span = trimmed(text, { start, end: after.end });
  if (span === undefined || costOf(text, span, section) > size) return undefined;
  return { ...span, section, isFirst: before.isFirst && section === before.section, isLast: after.isLast };
}

const isFragment = (text: string, { start, end }: Piece): boolean => countTokens(text, start, end) < FRAGMENT_TOKENS;

/** Tokens of what is embedded: a text and the heading above it. */
const costOf = (text: string, { start, end }: Span, section: Section): number =>
  countTokens(text, start, end) + countTokens(headingOf(section));

/** The section to which both pieces belong; pieces of different top headings share none. */
function sharedSection(before: Piece, after: Piece): Section | undefined {
  if (before.section === after.section) return before.section;
  if (!after.isFirst || !after.isLast) return undefined;
  if (isUnder(after.section, before.section)) return before.section;
  const { parent } = before.section;
  return before.isFirst && parent?.heading !== undefined && parent === after.section.parent ? parent : undefined;
}

function isUnder(section: Section, other: Section): boolean {
  if (other.heading === undefined) return false;
  for (let above = section.parent; above !== undefined; above = above.parent) if (above === other) return true;
  return false;
}
