import mammoth from 'mammoth';
import type { Bounds } from '../bounds.ts';
import type { ParsedDocument } from '../document.ts';
import { DocumentError } from '../document-error.ts';
import { parseHtml } from '../html.ts';
import { damaged, refuseBomb } from './unpacked-size.ts';

/** Pictures are left out before anybody unpacks them; the title on the first page is a heading. */
const OPTIONS: Parameters<typeof mammoth.convertToHtml>[1] = {
  styleMap: ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => p:fresh"],
  includeEmbeddedStyleMap: false,
  externalFileAccess: false,
  convertImage: mammoth.images.imgElement(async () => ({ src: '' })),
};

/** The arrow behind a footnote, back to where it belongs. */
const BACK_LINK = /\s*<a href="#[^"]*note-ref-[^"]*">↑<\/a>/g;

/**
 * DOCX: headings by their styles, lists, tables and footnotes, read as the HTML that they amount to.
 * @throws {DocumentError} damaged, no text document, or beyond the bounds
 */
export async function parseDocx(content: Uint8Array, bounds: Bounds): Promise<ParsedDocument> {
  await refuseBomb(content, bounds);
  return parseHtml(await htmlOf(content));
}

async function htmlOf(content: Uint8Array): Promise<string> {
  try {
    const { value } = await mammoth.convertToHtml({ buffer: Buffer.from(content) }, OPTIONS);
    return value.replaceAll(BACK_LINK, '');
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Could not find main document part')) {
      throw new DocumentError('the document is a zip archive without a Word document in it: send the files in it');
    }
    throw damaged(error);
  }
}
