import { deflateSync } from 'node:zlib';
import { expect } from 'chai';
import JSZip from 'jszip';
import pino from 'pino';
import { READING_LIMITS, type ReadingLimits } from '../../services/rag-orchestrator/reading/limits.ts';
import { Readers } from '../../services/rag-orchestrator/reading/readers.ts';
import { DocumentError } from '../../services/rag-orchestrator/split/document-error.ts';
import { rejected } from '../support/rejected.ts';

const MIB = 1024 * 1024;
const LIMITS: ReadingLimits = {
  ...READING_LIMITS,
  ms: 10_000,
  memoryMib: 400,
  bounds: { ...READING_LIMITS.bounds, pages: 50, archivedFiles: 30, unpackedBytes: 20 * MIB },
};
const BODY = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';

/** A DOCX with this inside its body, and other files beside it. */
function docx(body: string, others: Readonly<Record<string, string | Buffer>> = {}): Promise<Buffer> {
  const zip = new JSZip();
  zip.file(
    '[Content_Types].xml',
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
  );
  zip.file('word/document.xml', `<w:document ${BODY}><w:body>${body}</w:body></w:document>`);
  for (const [name, content] of Object.entries(others)) zip.file(name, content);
  return zip.generateAsync({ type: 'nodebuffer', compression: 'DEFLATE' });
}

/** A PDF of these objects, the first of which is its root. */
function pdf(...objects: readonly (string | Buffer)[]): Buffer {
  const parts = [Buffer.from('%PDF-1.4\n')];
  const starts = objects.map((object, index) => {
    const start = parts.reduce((sum, part) => sum + part.length, 0);
    parts.push(Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from('\nendobj\n'));
    return start;
  });
  const xref = parts.reduce((sum, part) => sum + part.length, 0);
  const rows = starts.map((start) => `${String(start).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

const CATALOG = '<< /Type /Catalog /Pages 2 0 R >>';
const PAGES = '<< /Type /Pages /Kids [3 0 R] /Count 1 >>';
const FONT = '/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>';

/** One page that paints this. */
const page = (content: Buffer, dictionary: string, resources = FONT, ...more: readonly (string | Buffer)[]): Buffer =>
  pdf(
    CATALOG,
    PAGES,
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << ${resources} >> >>`,
    stream(content, dictionary),
    ...more,
  );

const stream = (content: Buffer, dictionary: string): Buffer =>
  Buffer.concat([
    Buffer.from(`<< ${dictionary} /Length ${content.length} >>\nstream\n`),
    content,
    Buffer.from('\nendstream'),
  ]);

const SAID = 'BT /F 12 Tf 72 700 Td (A word and more words.) Tj ET\n';

describe('what is made to harm', function () {
  this.timeout(60_000);
  const readers = new Readers(LIMITS, pino({ level: 'silent' }));
  after(() => readers.close());

  const read = (content: Uint8Array | string, mimeType = 'text/plain') =>
    readers.read({ content, mimeType, split: { size: 160, overlap: 0 } }, new AbortController().signal);
  const refusal = async (content: Uint8Array | string, mimeType?: string): Promise<string> =>
    (await rejected(read(content, mimeType), DocumentError)).message;

  /** The next document is read as if nothing had been. */
  afterEach(async () => {
    expect((await read('next')).text).to.equal('next');
  });

  it('an archive that unpacks to a thousand times its size', async () => {
    const bomb = await docx('', { 'word/media/image1.xml': Buffer.alloc(30 * MIB) });
    expect(bomb.length).to.be.below(MIB);
    expect(await refusal(bomb)).to.match(/^the archive unpacks to more than [\d,]+ bytes$/);
  });

  it('an archive of more files than a document has', async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`word/${n}.xml`, '<x/>']));
    expect(await refusal(await docx('', many))).to.match(/^the archive holds \d+ files; a document has at most 30$/);
  });

  it('a DOCX nested without end', async () => {
    const depth = 100_000;
    const nested = '<w:sdt><w:sdtContent>'.repeat(depth) + '</w:sdtContent></w:sdt>'.repeat(depth);
    expect(await refusal(await docx(nested))).to.match(/^the DOCX is damaged|took more than/);
  });

  it('a PDF of more pages than are read', async () => {
    const kids = '3 0 R '.repeat(60);
    const many = pdf(CATALOG, `<< /Type /Pages /Kids [${kids}] /Count 60 >>`, '<< /Type /Page /Parent 2 0 R >>');
    expect(await refusal(many)).to.equal('the PDF has 60 pages; at most 50 are read: split it into parts');
  });

  it('a PDF that claims a thousand million pages', async () => {
    const claims = pdf(
      CATALOG,
      '<< /Type /Pages /Kids [3 0 R] /Count 1000000000 >>',
      '<< /Type /Page /Parent 2 0 R >>',
    );
    expect(await refusal(claims)).to.match(/^the PDF has (?:no text layer|1,000,000,000 pages)/);
  });

  it('a PDF whose pages are their own parent', async () => {
    expect(await refusal(pdf(CATALOG, '<< /Type /Pages /Kids [2 0 R] /Count 3 >>'))).to.match(/^the PDF is damaged/);
  });

  it('a PDF whose content unpacks to more than there is memory', async () => {
    const bomb = deflateSync(Buffer.alloc(600 * MIB, SAID));
    expect(bomb.length).to.be.below(4 * MIB);
    expect(await refusal(page(bomb, '/Filter /FlateDecode'))).to.match(/^reading the document took more than/);
  });

  it('a PDF that paints itself within itself', async () => {
    const form = stream(
      Buffer.from(`${SAID}/X Do /X Do\n`),
      `/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /XObject << /X 5 0 R >> ${FONT} >>`,
    );
    const endless = page(Buffer.from('/X Do\n'), '', `/XObject << /X 5 0 R >> ${FONT}`, form);
    const outcome = await read(endless).then(
      ({ text }) => text,
      (error: unknown) => {
        expect(error).to.be.instanceOf(DocumentError);
        return (error as DocumentError).message;
      },
    );
    expect(outcome).to.match(/^A word and more words\.|took more than/);
  });

  it('100 MB of HTML, and HTML nested without end', async () => {
    expect(await refusal(Buffer.alloc(100 * MIB, '<p>x'), 'text/html')).to.match(/^the document has 104,857,600 bytes/);
    expect(await refusal(`<html>${'<div>'.repeat(1_000_000)}`)).to.match(/more than 1000 deep/);
  });
});
