import { BOUNDS, type Bounds, grouped } from './bounds.ts';
import { declaredCharset, decodeText } from './decode.ts';
import type { ParsedDocument } from './document.ts';
import { DocumentError } from './document-error.ts';
import { parseDocx } from './docx/docx.ts';
import { type Format, formatOf } from './format.ts';
import { parseHtml } from './html.ts';
import { parseMarkdown } from './markdown.ts';
import { parsePdf } from './pdf/pdf.ts';
import { parsePlainText } from './plain-text.ts';

type Content = Uint8Array | string;

/** A document as it came in. */
interface Source {
  readonly content: Content;
  /** As it was declared, if it was. */
  readonly charset: string | undefined;
  readonly bounds: Bounds;
}

type Parser = (source: Source) => ParsedDocument | Promise<ParsedDocument>;

const bytesOf = (content: Content): Uint8Array => (typeof content === 'string' ? Buffer.from(content) : content);

/** Who reads what. Another format is another line here, and one in `formatOf`. */
const PARSERS: Readonly<Record<Format, Parser>> = {
  text: ({ content, charset }) => parsePlainText(decodeText(content, charset)),
  markdown: ({ content, charset }) => parseMarkdown(decodeText(content, charset)),
  html: ({ content, charset }) => parseHtml(decodeText(content, charset ?? declaredCharset(content))),
  pdf: ({ content, bounds }) => parsePdf(bytesOf(content), bounds),
  docx: ({ content, bounds }) => parseDocx(bytesOf(content), bounds),
};

/**
 * Reads a document as what it is. `mimeType` is what it was declared to be and may carry a charset; `title`, when given
 * and not blank, goes before the document's own.
 * @throws {DocumentError} when it is of a kind that cannot be read, damaged, or beyond the bounds
 */
export async function parse(
  content: Content,
  mimeType: string,
  title?: string,
  bounds: Bounds = BOUNDS,
): Promise<ParsedDocument> {
  const [type = '', ...parameters] = mimeType.toLowerCase().split(';');
  const format = await formatOf(content, type.trim());
  const parsed = await PARSERS[format]({ content, charset: charsetOf(parameters), bounds });
  if (parsed.text.length > bounds.chars) {
    throw new DocumentError(
      `the document has ${grouped(parsed.text.length)} characters of text; at most ${grouped(bounds.chars)} are read: split it into parts`,
    );
  }
  return title === undefined || title.trim() === '' ? parsed : { ...parsed, title: title.trim() };
}

function charsetOf(parameters: readonly string[]): string | undefined {
  const found = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  return found?.slice('charset='.length).replaceAll('"', '');
}
