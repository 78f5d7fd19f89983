import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import type { Collection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { deleteDocument, getDocument, listDocuments, upsertPending } from '../../shared/store/documents.ts';
import { countPassages, storePassages } from '../../shared/store/passages.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { ingest, sampleCollection } from './samples.ts';

export function documentsSuite(database: () => Database): void {
  const texts = async ({ owner, name }: Collection, query: string) =>
    (await searchPassages(database(), { owner, collection: name, query, top_k: 10, mode: 'text' })).map(
      ({ text }) => text,
    );
  const document = (collection: Collection, id: string) =>
    getDocument(database(), { collection_id: collection.id, id });
  const leftOf = async ({ id }: Collection) => {
    const rows = await database().query<{ passages: number; vectors: number; postings: number }>(
      `select
         (select count(*)::int from passages p join editions e on e.no = p.edition where e.collection_id = $1::int) as passages,
         (select count(*)::int from vectors v join editions e on e.no = v.edition where e.collection_id = $1::int) as vectors,
         (select count(distinct (edition, ord))::int from postings where collection_id = $1::int) as postings`,
      [id],
    );
    return rows[0];
  };

  describe('documents', () => {
    it('keep offsets true where text held what Postgres cannot keep', async () => {
      const collection = await sampleCollection(database());
      const strange = 'cats\0purr \u{1f600} naïve';
      await ingest(database(), collection, {
        id: 'a\0b',
        metadata: { 'k\0': 'v\0', half: '\ud83d' },
        passages: [
          ['plain', [0, 1]],
          [strange, [1, 0]],
        ],
      });
      const found = await searchPassages(database(), {
        owner: collection.owner,
        collection: collection.name,
        query: 'naïve',
        top_k: 1,
        mode: 'text',
      });
      const text = (await document(collection, 'a\0b'))?.text ?? '';
      expect(found[0]?.text).to.equal(strange.replace('\0', '\ufffd'));
      expect(text.slice(found[0]?.start, found[0]?.end)).to.equal(found[0]?.text);
      expect(found[0]?.metadata).to.deep.equal({ 'k\ufffd': 'v\ufffd', half: '\ufffd' });
    });

    it('are listed by id, page by page, without their text', async () => {
      const collection = await sampleCollection(database());
      const { id: collection_id, owner } = collection;
      const ids = ['b', 'a', 'Z', 'c'];
      const revision = newId('job');
      await upsertPending(
        database(),
        [...ids, 'a'].map((id, index) => ({
          collection_id,
          id,
          owner,
          revision,
          title: `T${index}`,
          mime_type: 'text/plain',
          metadata: {},
          bytes: 3,
        })),
      );
      const first = await listDocuments(database(), { collection_id, limit: 3 });
      const second = await listDocuments(database(), { collection_id, limit: 3, after: first.at(-1)?.id });
      expect([...first, ...second].map(({ id, title }) => `${id} ${title}`)).to.deep.equal([
        'Z T2',
        'a T4',
        'b T0',
        'c T3',
      ]);
      expect(first[0]).to.not.have.property('text');
    });

    it('are deleted with their passages', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, { id: 'cats', passages: [['cats purr', [1, 0]]] });
      await ingest(database(), collection, { id: 'dogs', passages: [['dogs bark', [1, 0]]] });
      expect(await deleteDocument(database(), { collection_id: collection.id, id: 'cats' })).to.equal(true);
      expect(await deleteDocument(database(), { collection_id: collection.id, id: 'cats' })).to.equal(false);
      expect(await document(collection, 'cats')).to.equal(undefined);
      expect(await texts(collection, 'cats dogs')).to.deep.equal(['dogs bark']);
      expect(await leftOf(collection)).to.deep.equal({ passages: 1, vectors: 1, postings: 1 });
    });

    it('announced in a collection that is gone are nobody’s fault', async () => {
      const collection_id = 2 ** 31 - 1;
      const revision = newId('job');
      await upsertPending(database(), [
        { collection_id, id: 'x', owner: 'o', revision, title: 'x', mime_type: 'text/plain', metadata: {}, bytes: 1 },
      ]);
      const split = { collection_id, document_id: 'x', revision, text: 'x', passages: [] };
      expect(await storePassages(database(), split)).to.equal(false);
      expect(await countPassages(database(), split)).to.equal(undefined);
    });
  });
}
