import type { Block, BlockKind } from './document.ts';
import { plainInline } from './inline.ts';
import { linesOf } from './lines.ts';
import {
  CODE_INDENT,
  closesFence,
  fenceMark,
  isRule,
  isTableRule,
  lineHeading,
  listMark,
  type MarkdownLine,
  markdownLine,
  rawHtmlEnd,
  setextDepth,
} from './markdown-line.ts';

/** A heading longer than this is a paragraph that somebody set large. */
export const MAX_HEADING_CHARS = 300;

type Mode =
  | { readonly name: 'text' }
  | { readonly name: 'fence'; readonly mark: string; readonly indent: number; readonly quoted: boolean }
  | { readonly name: 'html'; readonly end: RegExp };

interface OpenBlock {
  readonly kind: BlockKind;
  readonly start: number;
  readonly end: number;
  /** Where its last line begins. */
  readonly lastLine: number;
  /** It began in a list or a quote. */
  readonly contained: boolean;
}

/**
 * The blocks of Markdown, found line by line in one pass, so that the cost is linear in any input. Containers (lists,
 * quotes) are followed as far as a splitter needs: a heading counts where it stands outside of them, a fence where it
 * stands in them too.
 */
export function scanMarkdown(text: string, from = 0): Block[] {
  const scanner = new Scanner(text);
  for (const line of linesOf(text, from)) scanner.read(markdownLine(text, line));
  return scanner.finish();
}

class Scanner {
  readonly #text: string;
  readonly #blocks: Block[] = [];
  #open: OpenBlock | undefined;
  #mode: Mode = { name: 'text' };
  /** Columns where the content of the lists that are open begins, the innermost last. */
  #lists: number[] = [];
  #blankBefore = true;

  constructor(text: string) {
    this.#text = text;
  }

  finish(): Block[] {
    this.#close();
    return this.#blocks;
  }

  read(line: MarkdownLine): void {
    if (this.#mode.name === 'fence') this.#inFence(line, this.#mode);
    else if (this.#mode.name === 'html') this.#inHtml(line, this.#mode.end);
    else if (line.blank) this.#blank();
    else this.#inText(line);
    this.#blankBefore = line.blank;
  }

  /** Indented code goes on over blank lines, anything else ends at them. */
  #blank(): void {
    if (this.#open?.kind !== 'code') this.#close();
  }

  #inFence(line: MarkdownLine, fence: Mode & { name: 'fence' }): void {
    const leftItsContainer = !line.blank && (line.indent < fence.indent || (fence.quoted && !line.quoted));
    if (leftItsContainer) {
      this.#close();
      this.#inText(line);
      return;
    }
    this.#extend(line);
    if (closesFence(fence.quoted ? line.body : line.whole.trimStart(), fence.mark)) this.#close();
  }

  #inHtml(line: MarkdownLine, end: RegExp): void {
    this.#extend(line);
    if (end.test(this.#text.slice(line.start, line.end))) this.#close();
  }

  #inText(line: MarkdownLine): void {
    const fence = fenceMark(line.body);
    if (this.#blankBefore || fence !== undefined || isRule(line) || lineHeading(line) !== undefined)
      this.#leaveLists(line.indent);
    const container = this.#lists.at(-1) ?? 0;
    const standsIn = line.indent - container >= CODE_INDENT;
    if (standsIn && (this.#open === undefined || this.#open.kind === 'code')) this.#goOn('code', line);
    else {
      if (this.#open?.kind === 'code') this.#close();
      if (standsIn) this.#paragraph(line);
      else if (fence !== undefined) this.#fence(line, fence, 'code');
      else if (container > 0 || line.quoted || !(this.#heading(line) || this.#html(line)))
        this.#ruleItemOrParagraph(line);
    }
  }

  #ruleItemOrParagraph(line: MarkdownLine): void {
    const mark = listMark(line);
    if (isRule(line)) this.#rule(line);
    else if (mark !== undefined) this.#item(line, mark);
    else this.#paragraph(line);
  }

  /** Lists end at a line that stands left of their content, unless it goes on with their last paragraph. */
  #leaveLists(indent: number): void {
    while ((this.#lists.at(-1) ?? 0) > indent) this.#lists.pop();
  }

  #fence(line: MarkdownLine, mark: string, kind: BlockKind): void {
    this.#start(kind, line);
    this.#mode = { name: 'fence', mark, indent: this.#lists.at(-1) ?? 0, quoted: line.quoted };
  }

  #html(line: MarkdownLine): boolean {
    const end = rawHtmlEnd(line);
    if (end === undefined) return false;
    this.#start('paragraph', line);
    this.#mode = { name: 'html', end };
    if (end.test(this.#text.slice(line.start, line.end))) this.#close();
    return true;
  }

  #rule(line: MarkdownLine): void {
    this.#start('paragraph', line);
    this.#close();
  }

  #item(line: MarkdownLine, mark: string): void {
    this.#leaveLists(line.indent);
    const gap = mark.length - mark.trimEnd().length;
    this.#lists.push(line.indent + (gap > CODE_INDENT || gap === 0 ? mark.trimEnd().length + 1 : mark.length));
    const fence = fenceMark(line.body.slice(mark.length));
    if (fence === undefined) this.#start('item', line);
    else this.#fence(line, fence, 'code');
  }

  #paragraph(line: MarkdownLine): void {
    const entersQuote = line.quoted && this.#open?.contained === false;
    if (entersQuote) this.#close();
    if (isTableRule(line) && this.#lastLineIsRow()) this.#table(line);
    else this.#goOn('paragraph', line);
  }

  #lastLineIsRow(): boolean {
    const open = this.#open;
    return open !== undefined && open.kind !== 'table' && this.#text.slice(open.lastLine, open.end).includes('|');
  }

  /** The line before a table's rule is its head; what stands before that stays a paragraph. */
  #table(line: MarkdownLine): void {
    const open = this.#open;
    if (open === undefined) return;
    if (open.lastLine > open.start) this.#blocks.push({ kind: open.kind, start: open.start, end: open.lastLine });
    this.#open = { ...open, kind: 'table', start: open.lastLine, end: line.end, lastLine: line.start };
  }

  #heading(line: MarkdownLine): boolean {
    if (line.end - line.start > MAX_HEADING_CHARS) return false;
    const mark = lineHeading(line);
    if (mark !== undefined) {
      this.#close();
      this.#pushHeading(line.start, line.end, mark.depth, mark.markdown);
      return true;
    }
    const open = this.#open;
    const depth = open?.kind === 'paragraph' && !open.contained ? setextDepth(line) : undefined;
    if (open === undefined || depth === undefined || open.end - open.start > MAX_HEADING_CHARS) return false;
    this.#open = undefined;
    this.#pushHeading(open.start, line.end, depth, this.#text.slice(open.start, open.end));
    return true;
  }

  #pushHeading(start: number, end: number, depth: number, markdown: string): void {
    const title = plainInline(markdown);
    if (title === '') this.#blocks.push({ kind: 'paragraph', start, end });
    else this.#blocks.push({ kind: 'heading', start, end, depth, title });
  }

  /** The block that is open goes on with a line; without one a block of this kind begins. */
  #goOn(kind: BlockKind, line: MarkdownLine): void {
    if (this.#open === undefined) this.#start(kind, line);
    else this.#extend(line);
  }

  #start(kind: BlockKind, line: MarkdownLine): void {
    this.#close();
    const contained = line.quoted || this.#lists.length > 0;
    this.#open = { kind, start: line.start, end: line.end, lastLine: line.start, contained };
  }

  #extend(line: MarkdownLine): void {
    if (this.#open !== undefined) this.#open = { ...this.#open, end: line.end, lastLine: line.start };
  }

  #close(): void {
    const open = this.#open;
    if (open !== undefined) this.#blocks.push({ kind: open.kind, start: open.start, end: open.end });
    this.#open = undefined;
    this.#mode = { name: 'text' };
  }
}
