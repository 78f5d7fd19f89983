import { declaredCharset, decodeText } from './decode.ts';
import type { ParsedDocument } from './document.ts';
import { DocumentError } from './document-error.ts';
import { parseHtml } from './html.ts';
import { parseMarkdown } from './markdown.ts';
import { parsePlainText } from './plain-text.ts';

type Content = Uint8Array | string;
type Parser = (content: Content, charset: string | undefined) => ParsedDocument | Promise<ParsedDocument>;

const plain: Parser = (content, charset) => parsePlainText(decodeText(content, charset));
const markdown: Parser = (content, charset) => parseMarkdown(decodeText(content, charset));
const html: Parser = (content, charset) => parseHtml(decodeText(content, charset ?? declaredCharset(content)));

/** Who reads what. Another format is another line here. */
const PARSERS: Readonly<Record<string, Parser>> = {
  'text/plain': plain,
  'text/markdown': markdown,
  'text/x-markdown': markdown,
  'text/html': html,
  'application/xhtml+xml': html,
};

/** MIME types that `parse` reads. */
export const SUPPORTED_MIME_TYPES: readonly string[] = Object.keys(PARSERS);

/**
 * Reads a document. `mimeType` may carry a charset; `title`, when given and not blank, goes before the document's own.
 * @throws {DocumentError} when the type is not supported or the content is not of it
 */
export async function parse(content: Content, mimeType: string, title?: string): Promise<ParsedDocument> {
  const [type = '', ...parameters] = mimeType.toLowerCase().split(';');
  const parser = PARSERS[type.trim()];
  if (parser === undefined) {
    throw new DocumentError(
      `documents of type "${mimeType}" are not supported; supported are ${SUPPORTED_MIME_TYPES.join(', ')}`,
    );
  }
  const parsed = await parser(content, charsetOf(parameters));
  return title === undefined || title.trim() === '' ? parsed : { ...parsed, title: title.trim() };
}

function charsetOf(parameters: readonly string[]): string | undefined {
  const found = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  return found?.slice('charset='.length).replaceAll('"', '');
}
