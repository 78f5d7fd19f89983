import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { findCollection } from '../../shared/store/collections.ts';
import { getDocument } from '../../shared/store/documents.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { COLLECTION, Ingesting } from '../services/ingesting.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';

/** Made by test/documents/make.sh from texts of our own. */
const FILES = join(import.meta.dirname, 'files');
const OWNER = 'ann';
const file = (name: string): Promise<Buffer> => readFile(join(FILES, name));

interface Found {
  readonly query: string;
  readonly heading: string;
  readonly text: RegExp;
  readonly page?: number;
}

/** What a search must find in each file. All are sent as plain text: what they are shows in them. */
const SEARCHABLE: Readonly<Record<string, Found>> = {
  'two-columns.pdf': {
    query: 'bellwether',
    heading: 'On Queues and Their Readers › 4 Second page',
    text: /^The appendix stands on the second page: a bellwether walks ahead of its flock\. It knows the way/,
    page: 2,
  },
  'may-not-be-copied.pdf': {
    query: 'hyphenation',
    heading: 'On Queues and Their Readers › 1 Order',
    text: /the hyphenation algorithm notwithstanding, extraordinarily long words/,
    page: 1,
  },
  'painted-by-rows.pdf': {
    query: 'lanterns',
    heading: '',
    text: /^The second column speaks of lanterns\. They burn oil of beech nuts, one spoon for/,
    page: 1,
  },
  'wrong-xref.pdf': { query: 'wick', heading: '', text: /A lantern that smokes has too long a wick\./, page: 1 },
  'handbook.pdf': {
    query: 'litter',
    heading: 'Handbook of the Warren › Leave › Parental leave',
    text: /sixteen weeks and get their full ration/,
    page: 1,
  },
  'handbook.docx': {
    query: 'carrots',
    heading: 'Handbook of the Warren › Travel',
    text: /Place \| Carrots a day\nMeadow \| 12\nHedge \| 19/,
  },
  'notes.docx': { query: 'exits', heading: 'Notes on Burrows', text: /^A burrow has three exits at least\.\[1\]/m },
  'handbook.html': {
    query: 'clover',
    heading: 'Handbook of the Warren › Leave › Parental leave',
    text: /clover meanwhile\./,
  },
  'old-encoding.html': { query: 'Fähre', heading: '', text: /fährt mit der Fähre nach Süden/ },
  'notes.md': { query: 'clay', heading: 'Notes on Burrows › Digging', text: /\| clay \| 1 {12}\|/ },
};

/** Why each of these cannot be read, and what to do. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'no-text.pdf': /^the PDF has no text layer, it shows pictures of its 2 pages: run text recognition/,
  'protected.pdf': /^the PDF is protected by a password: send a copy without one$/,
  'truncated.pdf': /^the PDF is damaged \(.*\): open it, save it anew/,
  'old-office.doc': /^the document is an old Office file .*: save it as DOCX or PDF/,
  'picture.png': /^the document is a picture \(image\/png\), .*\(OCR\)/,
  'archive.zip': /^the document is a zip archive without a Word document in it: send the files in it$/,
};

describe('real files', function () {
  this.timeout(120_000);
  let fresh: FreshDatabase;
  const ended = new Map<string, { status: string; error?: string }>();

  before(async () => {
    fresh = await freshDatabase();
    const names = [...Object.keys(SEARCHABLE), ...Object.keys(REFUSED)];
    const documents = await Promise.all(names.map(async (id) => ({ id, content: await file(id) })));
    const program = await readFile(process.execPath).then((bytes) => bytes.subarray(0, 100_000));
    const job = await new Ingesting(fresh.db, OWNER).ingest(...documents, { id: 'program', content: program });
    const { documents: told } = job.result as { documents: { id: string; status: string; error?: string }[] };
    for (const { id, ...how } of told) ended.set(id, how);
  });
  after(() => fresh?.drop());

  const stored = async (id: string) => {
    const collection = await findCollection(fresh.db, OWNER, COLLECTION);
    return await getDocument(fresh.db, { collection_id: collection?.id ?? 0, id });
  };

  for (const [name, { query, heading, text, page }] of Object.entries(SEARCHABLE))
    it(`${name} is searchable`, async () => {
      expect(ended.get(name)).to.deep.include({ status: 'searchable' });
      const search = { owner: OWNER, collection: COLLECTION, query, top_k: 50, mode: 'text' as const };
      const found = (await searchPassages(fresh.db, search)).filter(({ document_id }) => document_id === name);
      const document = await stored(name);
      for (const passage of found) {
        expect(document?.text?.slice(passage.start, passage.end)).to.equal(passage.text);
      }
      const hit = found.find((passage) => text.test(passage.text));
      expect(hit, JSON.stringify(found)).to.not.equal(undefined);
      expect(hit?.heading).to.equal(heading);
      expect(hit?.page).to.equal(page);
    });

  for (const [name, why] of Object.entries(REFUSED))
    it(`${name} is refused, with a reason`, async () => {
      expect(ended.get(name)?.status).to.equal('failed');
      expect(ended.get(name)?.error).to.match(why);
      expect((await stored(name))?.error).to.match(why);
    });

  it('a program is refused, with a reason', () => {
    expect(ended.get('program')?.error).to.match(/^the document is a program \(/);
  });
});
