import { expect } from 'chai';
import { deleteCollection, findCollection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { deleteDocument, getDocument, listDocuments } from '../../shared/store/documents.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { unique } from '../store/samples.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { COLLECTION, Ingesting } from './ingesting.ts';

const LEAVE = { id: 'leave', text: '# Leave\n\nEverybody has 30 days of leave a year.', mime_type: 'text/markdown' };
/** More passages than are handed out at once. */
const LONG = {
  id: 'long',
  text: Array.from({ length: 300 }, (_, n) => `# Part ${n}\n\nThe burrow has ${n} entrances.`).join('\n\n'),
  mime_type: 'text/markdown',
};

/** The flow alone goes through a thousand in test/flows. */
const MANY = 100;

describe('an ingest', function () {
  this.timeout(120_000);
  let fresh: FreshDatabase;
  let owner: string;
  let system: Ingesting;

  before(async () => {
    fresh = await freshDatabase();
  });
  after(() => fresh.drop());
  beforeEach(() => {
    owner = unique('owner');
    system = new Ingesting(fresh.db, owner);
  });

  const collectionId = async () => (await findCollection(fresh.db, owner, COLLECTION))?.id ?? 0;
  const document = async (id: string) => getDocument(fresh.db, { collection_id: await collectionId(), id });
  const found = (query: string) =>
    searchPassages(fresh.db, { owner, collection: COLLECTION, query, top_k: 10, mode: 'text' });

  it('of what is searchable already neither splits nor embeds, and says so', async () => {
    const first = await system.ingest(LEAVE);
    expect(first.result).to.deep.equal({
      documents: [{ id: 'leave', status: 'searchable', passages: 1 }],
      counts: { documents: 1, passages: 1, failed: 0 },
    });
    const before = await found('days');
    const again = await system.ingest(LEAVE);
    expect(again.status).to.equal('succeeded');
    expect(again.result).to.deep.equal({
      documents: [{ id: 'leave', status: 'searchable', passages: 1, unchanged: true }],
      counts: { documents: 1, passages: 1, failed: 0, unchanged: 1 },
    });
    expect(system.embedded).to.have.lengthOf(1);
    expect(await found('days')).to.deep.equal(before);
    expect(await document('leave')).to.include({ status: 'searchable', job: again.id });
  });

  it('with other title, source or metadata changes those alone', async () => {
    await system.ingest({ ...LEAVE, title: 'Old', metadata: { year: 1 } });
    const job = await system.ingest({ ...LEAVE, title: 'New', source: 'leave.md', metadata: { year: 2 } });
    expect(job.result?.counts).to.include({ unchanged: 1 });
    expect(system.embedded).to.have.lengthOf(1);
    expect(await document('leave')).to.deep.include({ title: 'New', source: 'leave.md', metadata: { year: 2 } });
    expect((await found('days'))[0]).to.deep.include({ title: 'New', metadata: { year: 2 } });
  });

  it('makes it anew when anything changed that its passages or its title follow from', async () => {
    await system.ingest(LEAVE);
    const changes = [
      { ...LEAVE, text: `${LEAVE.text} ` },
      { ...LEAVE, mime_type: 'text/plain' },
      { ...LEAVE, source: 'there, for want of a title' },
      { ...LEAVE, title: 'Given' },
    ];
    for (const [index, change] of changes.entries()) {
      expect((await system.ingest(change)).result?.counts).to.not.have.property('unchanged');
      expect(system.embedded).to.have.lengthOf(index + 2);
    }
    await fresh.db.query(`update collections set chunk_size = 90 where owner = $1`, [owner]);
    await system.ingest({ ...LEAVE, title: 'Given' });
    expect(system.embedded).to.have.lengthOf(changes.length + 2);
    expect(await document('leave')).to.include({ title: 'Given', passages: 1 });
  });

  it('that died in the middle goes on where it was, and what it had made is known', async () => {
    const id = await system.submit([LEAVE, LONG]);
    await system.work('documents.split');
    const successor = new Ingesting(fresh.db, owner);
    const job = await successor.ingest(LEAVE, LONG);
    expect(job.result?.counts).to.deep.equal({ documents: 2, passages: 301, failed: 0 });
    await system.work();
    expect((await system.job(id)).status).to.equal('succeeded');
    expect((await new Ingesting(fresh.db, owner).ingest(LEAVE, LONG)).result?.counts).to.include({ unchanged: 2 });
    expect(await document('long')).to.include({ status: 'searchable', passages: 300 });
  });

  it('does not bring back what was deleted in the meantime, and stops working on it', async () => {
    const id = await system.submit([LEAVE, LONG]);
    await system.work('documents.split');
    expect(await deleteDocument(fresh.db, { collection_id: await collectionId(), id: 'long' })).to.equal(true);
    await system.work();
    expect((await system.job(id)).result?.documents).to.deep.equal([
      { id: 'leave', status: 'searchable', passages: 1 },
      { id: 'long', status: 'superseded', passages: 0 },
    ]);
    expect((await system.job(id)).status).to.equal('succeeded');
    expect(await found('burrow')).to.deep.equal([]);
    expect(await document('long')).to.equal(undefined);
    expect(system.embedded, 'the rest of it was not embedded').to.have.length.below(260);
  });

  it('tells the truth about what was deleted or replaced when all that was left was to publish it', async () => {
    const other = { id: 'other', text: 'Older rules about carrots.' };
    const id = await system.submit([LEAVE, other, { id: 'kept', text: 'Nobody touches this.' }]);
    await system.work('documents.split');
    await deleteDocument(fresh.db, { collection_id: await collectionId(), id: 'leave' });
    const newer = await new Ingesting(fresh.db, owner).ingest({ ...other, text: 'Newer rules about carrots.' });
    await system.work();
    const job = await system.job(id);
    expect(job).to.include({ status: 'succeeded' });
    expect(job.result).to.deep.equal({
      documents: [
        { id: 'leave', status: 'superseded', passages: 0 },
        { id: 'other', status: 'superseded', passages: 0 },
        { id: 'kept', status: 'searchable', passages: 1 },
      ],
      counts: { documents: 3, passages: 1, failed: 0 },
    });
    expect(newer.result?.documents).to.deep.equal([{ id: 'other', status: 'searchable', passages: 1 }]);
    expect((await found('leave carrots nobody')).map(({ text }) => text)).to.have.members([
      'Newer rules about carrots.',
      'Nobody touches this.',
    ]);
  });

  it('into a collection that is deleted in the meantime ends, and claims nothing', async () => {
    const id = await system.submit([LEAVE]);
    await system.work('documents.split');
    await deleteCollection(fresh.db, owner, COLLECTION);
    await system.work();
    expect((await system.job(id)).result?.documents).to.deep.equal([
      { id: 'leave', status: 'superseded', passages: 0 },
    ]);
  });

  it('ends although another replaces the document between its making and its handing out', async () => {
    let meanwhile = async () => {
      await new Ingesting(fresh.db, owner).ingest({ ...LEAVE, text: 'newer' });
    };
    const slow: Database = {
      ...fresh.db,
      query: async (text, params) => {
        const [act, handsOut] = [meanwhile, text.includes('select ord, p.text')];
        if (handsOut) meanwhile = async () => undefined;
        if (handsOut) await act();
        return await fresh.db.query(text, params);
      },
    };
    const overtaken = await new Ingesting(slow, owner).ingest({ ...LEAVE, text: 'older' });
    expect(overtaken.status).to.equal('succeeded');
    expect(overtaken.result?.documents).to.deep.equal([{ id: 'leave', status: 'superseded', passages: 0 }]);
    expect((await found('older newer')).map(({ text }) => text)).to.deep.equal(['newer']);
  });

  it('of an older job whose turn comes after a newer one’s leaves the newer alone', async () => {
    const id = await system.submit([{ ...LEAVE, text: 'older' }]);
    const newer = new Ingesting(fresh.db, owner);
    await newer.ingest({ ...LEAVE, text: 'newer' });
    await system.work();
    expect((await system.job(id)).result?.documents).to.deep.equal([
      { id: 'leave', status: 'superseded', passages: 0 },
    ]);
    expect((await found('older newer')).map(({ text }) => text)).to.deep.equal(['newer']);
    expect(system.embedded).to.deep.equal([]);
  });

  it('of many documents, three of them broken, ends with all others searchable and three explained', async () => {
    const broken = new Set([3, 50, MANY - 2]);
    const documents = Array.from({ length: MANY }, (_, n) => ({
      id: `d${n}`,
      text: broken.has(n) ? ' ' : `Document ${n} is about burrow ${n}.`,
    }));
    const job = await system.ingest(...documents);
    expect(job.status).to.equal('failed');
    expect(job.error).to.include({ code: 'partially_failed' });
    expect(job.result?.counts).to.deep.equal({ documents: MANY, passages: MANY - 3, failed: 3 });
    const ended = job.result?.documents as { id: string; status: string; error?: string }[];
    expect(ended.filter(({ status }) => status === 'failed')).to.deep.equal(
      [...broken].map((n) => ({ id: `d${n}`, status: 'failed', passages: 0, error: 'the document has no text' })),
    );
    const listed = await listDocuments(fresh.db, { collection_id: await collectionId(), limit: 2000 });
    expect(listed.filter(({ status }) => status === 'searchable')).to.have.lengthOf(MANY - 3);
    expect(listed.filter(({ status }) => status === 'failed').map(({ error }) => error)).to.deep.equal(
      Array.from({ length: 3 }, () => 'the document has no text'),
    );
    const again = await system.ingest(...documents);
    expect(again.result?.counts).to.deep.equal({ documents: MANY, passages: MANY - 3, failed: 3, unchanged: MANY - 3 });
    expect(system.embedded).to.have.lengthOf(MANY - 3);
  });
});
