import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import type { Collection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { getDocument } from '../../shared/store/documents.ts';
import { publishDocument } from '../../shared/store/publish.ts';
import { renewDocument } from '../../shared/store/renew.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { ingest, prepare, sampleCollection } from './samples.ts';

const CATS = { id: 'pets', fingerprint: 'cats', passages: [['cats purr', [1, 0]]] } as const;
const DOGS = { id: 'pets', fingerprint: 'dogs', passages: [['dogs bark', [1, 0]]] } as const;

export function renewalSuite(database: () => Database): void {
  const found = async ({ owner, name }: Collection) =>
    await searchPassages(database(), { owner, collection: name, query: 'cats dogs', top_k: 10, mode: 'text' });
  const texts = async (collection: Collection) => (await found(collection)).map(({ text }) => text);
  const document = ({ id: collection_id }: Collection) => getDocument(database(), { collection_id, id: 'pets' });
  const editions = async ({ id }: Collection) =>
    (await database().query(`select from editions where collection_id = $1::int`, [id])).length;
  const renew = (collection: Collection, revision: string, fingerprint = 'cats', about = {}) =>
    renewDocument(database(), {
      collection_id: collection.id,
      document_id: 'pets',
      revision,
      fingerprint,
      metadata: {},
      ...about,
    });

  describe('a document sent again', () => {
    it('with the same content keeps its passages, and is the newer ingest’s from then on', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, CATS);
      const before = await found(collection);
      const revision = newId('job');
      expect(await renew(collection, revision)).to.equal(1);
      expect(await renew(collection, revision), 'a second time').to.equal(1);
      expect(await found(collection)).to.deep.equal(before);
      expect(await document(collection)).to.include({ status: 'searchable', job: revision, passages: 1 });
      expect(await editions(collection)).to.equal(1);
    });

    it('with other words about it has them at once', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, { ...CATS, title: 'Old', metadata: { year: 1 } });
      await renew(collection, newId('job'), 'cats', { title: 'New', source: 'cats.md', metadata: { year: 2 } });
      expect((await found(collection))[0]).to.deep.include({ title: 'New', metadata: { year: 2 } });
      expect(await document(collection)).to.deep.include({ title: 'New', source: 'cats.md', metadata: { year: 2 } });
      await renew(collection, newId('job'));
      expect(await document(collection), 'without a title').to.deep.include({ title: 'New', source: null });
    });

    it('is not known by other content, before it is searchable, when it is partial, or when it failed', async () => {
      const collection = await sampleCollection(database());
      expect(await renew(collection, newId('job'))).to.equal(undefined);
      const edition = await prepare(database(), collection, CATS);
      expect(await renew(collection, newId('job')), 'pending').to.equal(undefined);
      await database().transaction((tx) => publishDocument(tx, { ...edition, status: 'partial' }));
      expect(await renew(collection, newId('job')), 'partial').to.equal(undefined);
      await database().transaction((tx) => publishDocument(tx, { ...edition, status: 'searchable' }));
      expect(await renew(collection, newId('job'), 'dogs'), 'other content').to.equal(undefined);
      const failing = await ingest(database(), collection, {
        id: 'pets',
        fingerprint: 'cats',
        passages: [['x', null]],
      });
      expect(await renew(collection, failing.revision), 'by an ingest that has begun to make it').to.equal(undefined);
      expect(await document(collection)).to.include({ status: 'partial', job: failing.revision });
    });

    it('makes ingests born before it come to nothing', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, CATS);
      const [between, revision] = [newId('job'), newId('job')];
      const older = await prepare(database(), collection, { ...DOGS, revision: between });
      expect(await renew(collection, revision)).to.equal(1);
      await database().transaction((tx) => publishDocument(tx, { ...older, status: 'searchable' }));
      expect(await texts(collection)).to.deep.equal(['cats purr']);
      expect(await document(collection)).to.include({ status: 'searchable', job: revision });
      expect(await editions(collection)).to.equal(1);
    });

    it('by an ingest born before leaves a newer one alone', async () => {
      const collection = await sampleCollection(database());
      const [older, newer, newest] = [newId('job'), newId('job'), newId('job')];
      await ingest(database(), collection, { ...CATS, revision: newer, metadata: { year: 2 } });
      const coming = await prepare(database(), collection, { ...DOGS, revision: newest });
      expect(await renew(collection, older, 'cats', { metadata: { year: 1 } })).to.equal(1);
      expect((await found(collection))[0]?.metadata).to.deep.equal({ year: 2 });
      expect(await document(collection)).to.include({ status: 'pending', job: newest });
      await database().transaction((tx) => publishDocument(tx, { ...coming, status: 'searchable' }));
      expect(await texts(collection)).to.deep.equal(['dogs bark']);
    });
  });
}
