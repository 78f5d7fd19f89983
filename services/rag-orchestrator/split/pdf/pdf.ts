import { getDocumentProxy } from 'unpdf';
import { type Bounds, grouped } from '../bounds.ts';
import { storable } from '../decode.ts';
import type { ParsedDocument } from '../document.ts';
import { DocumentError } from '../document-error.ts';
import { inReadingOrder } from './columns.ts';
import { flowingText } from './flowing-text.ts';
import { linesOfPage, type TextItem } from './lines.ts';
import { type PagedLine, paragraphsOf } from './paragraphs.ts';

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

/** Nothing is printed: what is wrong is told by what is thrown. */
const SILENT = 0;

/**
 * PDF: the text of its text layer, column by column, lines set together to paragraphs, larger fonts as headings, with
 * the place where each page begins. The title is what the file says, else its first heading.
 * @throws {DocumentError} damaged, protected by a password, without text, or beyond the bounds
 */
export async function parsePdf(content: Uint8Array, bounds: Bounds): Promise<ParsedDocument> {
  const pdf = await open(content);
  try {
    if (pdf.numPages > bounds.pages) {
      throw new DocumentError(
        `the PDF has ${pagesOf(pdf)}; at most ${grouped(bounds.pages)} are read: split it into parts`,
      );
    }
    const lines = await linesOf(pdf, bounds);
    if (lines.length === 0) {
      throw new DocumentError(
        `the PDF has no text layer, it shows pictures of its ${pagesOf(pdf)}: run text recognition (OCR) on it first`,
      );
    }
    const { text, blocks, pageStarts } = flowingText(paragraphsOf(lines), pdf.numPages);
    const first = blocks.find((block) => block.kind === 'heading');
    const title = (await ownTitle(pdf)) ?? (first?.kind === 'heading' ? first.title : '');
    return { text, title, blocks, pageStarts };
  } finally {
    await pdf.destroy();
  }
}

const pagesOf = ({ numPages }: Pdf): string => (numPages === 1 ? '1 page' : `${grouped(numPages)} pages`);

async function open(content: Uint8Array): Promise<Pdf> {
  try {
    // A copy: the parser takes the bytes over.
    return await getDocumentProxy(new Uint8Array(content), { verbosity: SILENT, useSystemFonts: false });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name === 'PasswordException') {
      throw new DocumentError('the PDF is protected by a password: send a copy without one');
    }
    throw damaged(error.message);
  }
}

const damaged = (why: string) =>
  new DocumentError(`the PDF is damaged (${why.replace(/\.$/, '')}): open it, save it anew and send that`);

async function linesOf(pdf: Pdf, bounds: Bounds): Promise<PagedLine[]> {
  const lines: PagedLine[] = [];
  let chars = 0;
  for (let number = 1; number <= pdf.numPages; number++) {
    for (const line of inReadingOrder(linesOfPage(await itemsOf(pdf, number)))) {
      chars += line.text.length;
      lines.push({ ...line, text: storable(line.text).trim(), page: number });
    }
    if (chars > bounds.chars) {
      throw new DocumentError(`the PDF has more than ${grouped(bounds.chars)} characters of text: split it into parts`);
    }
  }
  return lines;
}

async function itemsOf(pdf: Pdf, number: number): Promise<TextItem[]> {
  try {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    page.cleanup();
    return items.filter((item) => 'str' in item);
  } catch (error) {
    throw damaged(`page ${number}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Programs that print to PDF leave the name of a file as title, or nothing worth reading. */
const NO_TITLE = /^(?:microsoft (?:word|powerpoint) - .*|untitled.*|.*\.(?:docx?|pdf|tex|dvi|odt|indd|pptx?))$/i;

async function ownTitle(pdf: Pdf): Promise<string | undefined> {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }));
  const title = 'Title' in info && typeof info.Title === 'string' ? storable(info.Title).trim() : '';
  return title === '' || NO_TITLE.test(title) ? undefined : title;
}
