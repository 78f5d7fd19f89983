/**
 * What a block is, for the splitter: headings make the path above a passage, `code` and `table` are kept whole where
 * they fit and cut at lines where not, an `item` rather stays with the list before it.
 */
export type BlockKind = 'paragraph' | 'item' | 'code' | 'table';

/** A piece of a document's text that belongs together, from `start` to `end` (UTF-16 offsets). */
export interface TextBlock {
  readonly kind: BlockKind;
  readonly start: number;
  readonly end: number;
}

/** A heading; `title` is what a reader sees of it, `depth` 1 is the outermost. */
export interface HeadingBlock {
  readonly kind: 'heading';
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly title: string;
}

export type Block = TextBlock | HeadingBlock;

/** A document as parsers leave it: `text` is what is stored, searched and cited; all offsets point into it. */
export interface ParsedDocument {
  /** Well-formed UTF-16 without U+0000. */
  readonly text: string;
  /** Empty when the document has none. */
  readonly title: string;
  /** In the order of the text, without overlap. */
  readonly blocks: readonly Block[];
  /** Where its pages begin, first to last; absent where it has none. */
  readonly pageStarts?: readonly number[];
}
