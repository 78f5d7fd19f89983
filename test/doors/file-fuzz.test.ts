import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import JSZip from 'jszip';
import pino from 'pino';
import { READING_LIMITS } from '../../services/rag-orchestrator/reading/limits.ts';
import { Readers } from '../../services/rag-orchestrator/reading/readers.ts';
import { DocumentError } from '../../services/rag-orchestrator/split/document-error.ts';
import { FUZZ_RUNS, FUZZ_TIMEOUT_MS, report } from './sizes.ts';

const FILES = join(import.meta.dirname, '../documents/files');
const NAMES = [
  'two-columns.pdf',
  'handbook.pdf',
  'protected.pdf',
  'painted-by-rows.pdf',
  'handbook.docx',
  'notes.docx',
  'handbook.html',
  'old-encoding.html',
  'notes.md',
];
const TYPES = ['application/pdf', 'text/html', 'text/markdown', 'text/plain', 'application/octet-stream', 'image/png'];
const MAGIC = ['%PDF-1.7\n', 'PK\u0003\u0004', '<!doctype html>', '\ufeff', '---\ntitle: x\n'];
/** One document: what takes longer is refused, which takes its time too. */
const READ_MS = 10_000;
const AT_ONCE = 2;

/** Where to change a file, as a share of its length, and what to. */
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('flip', 'cut', 'repeat', 'insert', 'drop'),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function edited(content: Buffer, { at, kind, bytes }: Edit): Buffer {
  const place = Math.floor(at * content.length);
  const [head, tail] = [content.subarray(0, place), content.subarray(place)];
  switch (kind) {
    case 'cut':
      return head;
    case 'repeat':
      return Buffer.concat([head, tail.subarray(0, 2_000), tail]);
    case 'insert':
      return Buffer.concat([head, bytes, tail]);
    case 'drop':
      return Buffer.concat([head, tail.subarray(bytes.length)]);
    default:
      return Buffer.concat([
        head,
        tail.subarray(0, bytes.length).map((byte, n) => byte ^ (bytes[n] ?? 0)),
        tail.subarray(bytes.length),
      ]);
  }
}

/** The document within a DOCX, edited: the archive around it stays whole, so that the edit is met by who reads XML. */
async function editedWithin(docx: Buffer, edits: readonly Edit[]): Promise<Buffer> {
  const zip = await JSZip.loadAsync(docx);
  const inner = Buffer.from((await zip.file('word/document.xml')?.async('uint8array')) ?? []);
  zip.file('word/document.xml', edits.reduce(edited, inner));
  return await zip.generateAsync({ type: 'nodebuffer' });
}

describe('doors: files', function () {
  this.timeout(FUZZ_TIMEOUT_MS);
  let readers: Readers;
  before(() => {
    readers = new Readers({ ...READING_LIMITS, ms: READ_MS }, pino({ level: 'silent' }));
  });
  after(() => readers?.close());

  const wanted = new AbortController().signal;

  /** What became of a document: anything but a text that holds its passages, or a clear refusal, is a failure. */
  async function outcome(content: Buffer, mimeType: string): Promise<'read' | 'refused'> {
    try {
      const { text, passages } = await readers.read({ content, mimeType, split: { size: 60, overlap: 10 } }, wanted);
      for (const passage of passages) expect(text.slice(passage.start, passage.end)).to.equal(passage.text);
      return 'read';
    } catch (error) {
      expect(error).to.be.instanceOf(DocumentError);
      expect((error as Error).message)
        .to.match(/\S/)
        .and.not.match(/our reader fails/);
      return 'refused';
    }
  }

  it('broken in any way are read or refused clearly, and the next one is read', async () => {
    const files = new Map(
      await Promise.all(NAMES.map(async (name) => [name, await readFile(join(FILES, name))] as const)),
    );
    const counts: Record<string, number> = {};
    const broken = fc.record({
      name: fc.constantFrom(...NAMES),
      edits: fc.array(edit, { minLength: 1, maxLength: 6 }),
      within: fc.boolean(),
      mimeType: fc.constantFrom(...TYPES),
    });
    const property = fc.asyncProperty(fc.array(broken, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (some) => {
      await Promise.all(
        some.map(async ({ name, edits, within, mimeType }) => {
          const whole = files.get(name) ?? Buffer.alloc(0);
          const isDocx = name.endsWith('.docx');
          const content = isDocx && within ? await editedWithin(whole, edits) : edits.reduce(edited, whole);
          const key = `${name.split('.').at(-1)} ${await outcome(content, mimeType)}`;
          counts[key] = (counts[key] ?? 0) + 1;
        }),
      );
    });
    await fc.assert(property, { numRuns: Math.ceil(FUZZ_RUNS / AT_ONCE), endOnFailure: true });
    report('files', counts);
    expect(await outcome(files.get('handbook.pdf') ?? Buffer.alloc(0), 'application/pdf')).to.equal('read');
  });

  it('of any bytes behind any magic number are, too', async () => {
    const counts: Record<string, number> = {};
    const bytes = fc.tuple(
      fc.constantFrom('', ...MAGIC),
      fc.uint8Array({ maxLength: 2_000 }),
      fc.constantFrom(...TYPES),
    );
    const property = fc.asyncProperty(bytes, async ([magic, rest, mimeType]) => {
      const key = await outcome(Buffer.concat([Buffer.from(magic), rest]), mimeType);
      counts[key] = (counts[key] ?? 0) + 1;
    });
    await fc.assert(property, { numRuns: Math.ceil(FUZZ_RUNS / 4), endOnFailure: true });
    report('bytes', counts);
  });
});
