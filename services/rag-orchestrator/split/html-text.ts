import type { Block, BlockKind } from './document.ts';

/** A heading longer than this is a paragraph that somebody set large. */
const MAX_HEADING_CHARS = 300;

const SPACES: ReadonlySet<string> = new Set([' ', '\n']);

/** How blocks are parted: by a line ending, or by an empty line. */
export type Break = '\n' | '\n\n';

/** What kind of block a text opens when none is open. */
export interface Style {
  readonly kind: BlockKind;
  readonly headingDepth?: number;
}

/** Writes the visible text of a page piece by piece and remembers where its blocks are. */
export class PageText {
  readonly #blocks: Block[] = [];
  readonly #parts: string[] = [];
  #length = 0;
  #break: Break = '\n';
  #mark = '';
  #spaceBefore = false;
  #open: { readonly style: Style; readonly start: number } | undefined;

  finish(): { text: string; blocks: Block[] } {
    this.break('\n');
    const text = this.#parts.join('');
    return { text, blocks: this.#blocks.map((block) => withTitle(block, text)) };
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** Ends the block that is open; what follows stands below it. */
  break(kind: Break): void {
    if (this.#open !== undefined) this.#blocks.push(blockOf(this.#open.style, this.#open.start, this.#length));
    this.#open = undefined;
    this.#spaceBefore = false;
    if (this.#break !== '\n\n') this.#break = kind;
  }

  /** Sets what stands before the next block, or nothing: the mark of a list item. */
  mark(mark: string): void {
    this.#mark = mark;
  }

  /** Text as a browser shows it: white space is one space, none at the ends of a block. */
  flow(text: string, style: Style): void {
    const spaced = text.replaceAll('\u00AD', '').replace(/[ \t\n\r\f]+/g, ' ');
    const visible = spaced.replace(/^ | $/g, '');
    this.#spaceBefore ||= spaced.startsWith(' ');
    if (visible === '') return;
    this.#begin(style);
    const isSpaced = this.#spaceBefore && !SPACES.has(this.#parts.at(-1)?.at(-1) ?? '');
    this.#write(isSpaced ? ` ${visible}` : visible);
    this.#spaceBefore = spaced.endsWith(' ');
  }

  /** Text as it is: the content of `pre`, the line ending of `br`, what parts table cells. */
  verbatim(text: string, style: Style): void {
    if (this.#open === undefined && text.trim() === '') return;
    this.#begin(style);
    this.#write(text);
    this.#spaceBefore = false;
  }

  #begin(style: Style): void {
    if (this.#open !== undefined) return;
    if (this.#length > 0) this.#write(this.#break);
    this.#open = { style, start: this.#length };
    this.#write(this.#mark);
    this.#mark = '';
    this.#break = '\n';
    this.#spaceBefore = false;
  }

  #write(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
  }
}

function blockOf({ kind, headingDepth }: Style, start: number, end: number): Block {
  const isHeading = headingDepth !== undefined && end - start <= MAX_HEADING_CHARS;
  return isHeading ? { kind: 'heading', start, end, depth: headingDepth, title: '' } : { kind, start, end };
}

function withTitle(block: Block, text: string): Block {
  if (block.kind !== 'heading') return block;
  return { ...block, title: text.slice(block.start, block.end).replace(/\s+/g, ' ').trim() };
}
