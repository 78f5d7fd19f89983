import { type DefaultTreeAdapterTypes, defaultTreeAdapter, html as HTML, parse as parseHtmlTree } from 'parse5';
import type { ParsedDocument } from './document.ts';
import { DocumentError } from './document-error.ts';
import { PageText, type Style } from './html-text.ts';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** Browsers stop nesting at 512. Parsing takes quadratic time in the depth. */
const MAX_DEPTH = 1000;

const HIDDEN_TAGS = new Set(
  'script style noscript template nav svg math iframe object embed canvas audio video select datalist textarea button head'.split(
    ' ',
  ),
);
const GAP_TAGS = new Set(
  'p section article header footer main aside ul ol dl table pre blockquote figure form fieldset details h1 h2 h3 h4 h5 h6 hr'.split(
    ' ',
  ),
);
const LINE_TAGS = new Set(
  'html body div li dt dd address center figcaption summary legend caption dialog optgroup option hgroup search tr td th'.split(
    ' ',
  ),
);
const HEADING = /^h([1-6])$/;

const PARAGRAPH: Style = { kind: 'paragraph' };
const ITEM: Style = { kind: 'item' };
const CODE: Style = { kind: 'code' };
const TABLE: Style = { kind: 'table' };

/**
 * HTML: the text is what a reader of the page sees, without scripts, styles, navigation and hidden parts; items and
 * table rows are lines, `pre` is kept as it is. The title is that of the page, else its first `h1`.
 * @throws {DocumentError} when elements are nested too deep
 */
export function parseHtml(source: string): ParsedDocument {
  const tree = parseHtmlTree(source, { treeAdapter: shallowTreeAdapter(), scriptingEnabled: false });
  const page = new PageText();
  for (const node of tree.childNodes) write(page, node, PARAGRAPH);
  const { text, blocks } = page.finish();
  const first = blocks.find((block) => block.kind === 'heading' && block.depth === 1);
  const title = titleOf(tree.childNodes) ?? (first?.kind === 'heading' ? first.title : '');
  return { text, title, blocks };
}

function shallowTreeAdapter(): typeof defaultTreeAdapter {
  let depth = 0;
  return {
    ...defaultTreeAdapter,
    onItemPush: () => {
      if (++depth > MAX_DEPTH) throw new DocumentError(`the HTML nests its elements more than ${MAX_DEPTH} deep`);
    },
    onItemPop: () => {
      depth--;
    },
  };
}

function write(page: PageText, node: Node, style: Style): void {
  if (node.nodeName === '#text' && 'value' in node) {
    if (style === CODE) page.verbatim(node.value, style);
    else page.flow(node.value, style);
  } else if ('tagName' in node && !isHidden(node)) writeElement(page, node, style);
}

function writeElement(page: PageText, element: Element, style: Style): void {
  const tag = element.tagName;
  if (tag === 'br') page.verbatim('\n', style);
  else if (tag === 'table' && style !== TABLE && isData(element)) writeTable(page, element);
  else {
    part(page, tag, style);
    writeChildren(page, element, style === TABLE ? style : styleIn(tag, style));
    part(page, tag, style);
  }
}

function writeChildren(page: PageText, { tagName, childNodes }: Element, style: Style): void {
  let items = 0;
  for (const child of childNodes) {
    const isItem = child.nodeName === 'li';
    if (isItem) page.mark(tagName === 'ol' ? `${++items}. ` : '- ');
    write(page, child, style);
    if (isItem) page.mark('');
  }
}

/** What stands before and after an element: nothing, a space, a line ending or an empty line. */
function part(page: PageText, tag: string, style: Style): void {
  const gap = GAP_TAGS.has(tag);
  if (!gap && !LINE_TAGS.has(tag)) return;
  if (style === TABLE) page.flow(' ', style);
  else page.break(gap && style !== ITEM ? '\n\n' : '\n');
}

function styleIn(tag: string, style: Style): Style {
  const heading = HEADING.exec(tag);
  if (heading !== null) return { kind: 'paragraph', headingDepth: Number(heading[1]) };
  if (tag === 'pre' || tag === 'listing') return CODE;
  if (tag === 'li' || tag === 'dd') return ITEM;
  return style;
}

/** One line for each row, cells parted by bars: the whole table is one block. */
function writeTable(page: PageText, table: Element): void {
  page.break('\n\n');
  writeRows(page, table);
  page.break('\n\n');
}

function writeRows(page: PageText, parent: Element): void {
  for (const row of elementsIn(parent)) {
    if (row.tagName !== 'tr') {
      if (row.tagName === 'caption') write(page, row, TABLE);
      else writeRows(page, row);
      continue;
    }
    if (page.isOpen) page.verbatim('\n', TABLE);
    for (const [index, cell] of elementsIn(row).entries()) {
      if (index > 0) page.verbatim(' | ', TABLE);
      for (const child of cell.childNodes) write(page, child, TABLE);
    }
  }
}

const elementsIn = (parent: Element): Element[] =>
  parent.childNodes.filter((node): node is Element => 'tagName' in node && !isHidden(node));

/** A table with headings or tables in it was made for the layout of a page; its cells are read as any other part. */
function isData(element: Element): boolean {
  return elementsIn(element).every(
    (child) => child.tagName !== 'table' && !HEADING.test(child.tagName) && isData(child),
  );
}

function isHidden({ tagName, attrs, namespaceURI }: Element): boolean {
  if (HIDDEN_TAGS.has(tagName) || namespaceURI !== HTML.NS.HTML) return true;
  return attrs.some(({ name, value }) => {
    if (name === 'hidden') return value !== 'until-found';
    if (name === 'aria-hidden') return value === 'true';
    if (name === 'role') return value === 'navigation';
    return name === 'style' && /(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(value);
  });
}

function titleOf(nodes: readonly Node[]): string | undefined {
  const title = descend(nodes, ['html', 'head', 'title']);
  const text = title?.childNodes
    .map((node) => ('value' in node ? node.value : ''))
    .join('')
    .replace(/\s+/g, ' ')
    .trim();
  return text === '' ? undefined : text;
}

function descend(nodes: readonly Node[], [tag, ...rest]: readonly string[]): Element | undefined {
  const found = nodes.find((node): node is Element => 'tagName' in node && node.tagName === tag);
  return found === undefined || rest.length === 0 ? found : descend(found.childNodes, rest);
}
