import type { Block, HeadingBlock, ParsedDocument, TextBlock } from './document.ts';
import { countTokens } from './tokens.ts';

export const HEADING_SEPARATOR = ' › ';

/** What stands under one heading, without what stands under the headings below it. */
export interface Section {
  /** Undefined for what stands before the first heading. */
  readonly heading: HeadingBlock | undefined;
  readonly parent: Section | undefined;
  /** The headings above it and its own, outermost first, as many of the innermost as `maxPathTokens` allows. */
  readonly path: readonly HeadingBlock[];
  readonly blocks: TextBlock[];
}

/** The path of a section as a passage carries it. */
export const headingOf = ({ path }: Section): string => path.map(({ title }) => title).join(HEADING_SEPARATOR);

/**
 * The sections of a document in order. A heading that no passage would carry in its path, since nothing stands below
 * it or it is too long, counts as text of its own section: nothing of a document is lost.
 */
export function outline(document: ParsedDocument, maxPathTokens: number): Section[] {
  const sections: Section[] = [{ heading: undefined, parent: undefined, path: [], blocks: [] }];
  for (const block of withoutGaps(document)) {
    const last = sections.at(-1);
    if (block.kind === 'heading') sections.push(below(last, block, maxPathTokens));
    else last?.blocks.push(block);
  }
  keepBareHeadings(sections);
  return sections.filter(({ blocks }) => blocks.length > 0);
}

/** Text that a parser left between blocks is a paragraph. */
function* withoutGaps({ text, blocks }: ParsedDocument): Generator<Block> {
  let end = 0;
  for (const block of blocks) {
    if (text.slice(end, block.start).trim() !== '') yield { kind: 'paragraph', start: end, end: block.start };
    yield block;
    end = block.end;
  }
  if (text.slice(end).trim() !== '') yield { kind: 'paragraph', start: end, end: text.length };
}

function below(last: Section | undefined, heading: HeadingBlock, maxPathTokens: number): Section {
  let parent = last;
  while (parent?.heading !== undefined && parent.heading.depth >= heading.depth) parent = parent.parent;
  return { heading, parent, path: pathTo(heading, parent, maxPathTokens), blocks: [] };
}

function pathTo(heading: HeadingBlock, parent: Section | undefined, maxTokens: number): HeadingBlock[] {
  const path: HeadingBlock[] = [];
  let tokens = 0;
  let above = parent;
  for (let at: HeadingBlock | undefined = heading; at !== undefined; at = above?.heading, above = above?.parent) {
    const cost = countTokens(at.title) + 1;
    if (cost > maxTokens) continue;
    tokens += cost;
    if (tokens > maxTokens) break;
    path.unshift(at);
  }
  return path;
}

function keepBareHeadings(sections: readonly Section[]): void {
  const carried = new Set<HeadingBlock | undefined>([undefined]);
  const carry = ({ path }: Section) => {
    for (const heading of path) carried.add(heading);
  };
  for (const section of sections.toReversed()) {
    if (section.blocks.length > 0) carry(section);
    if (carried.has(section.heading) || section.heading === undefined) continue;
    const { start, end } = section.heading;
    section.blocks.unshift({ kind: 'paragraph', start, end });
    carry(section);
  }
}
