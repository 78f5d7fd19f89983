import { expect } from 'chai';
import {
  collectionSizes,
  createCollection,
  deleteCollection,
  ensureCollection,
  findCollection,
  listCollections,
} from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { CollectionExists, CollectionNotFound } from '../../shared/store/errors.ts';
import { storePassages } from '../../shared/store/passages.ts';
import { publishDocument } from '../../shared/store/publish.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { rejected } from '../support/rejected.ts';
import { ingest, prepare, sampleCollection, unique } from './samples.ts';

const SETTINGS = { embedding_model: 'hand', chunk_size: 200, chunk_overlap: 20 };

export function collectionsSuite(database: () => Database): void {
  describe('collections', () => {
    it('are made once, by name and owner', async () => {
      const [owner, other] = [unique('owner'), unique('owner')];
      const made = await createCollection(database(), owner, 'docs', {
        ...SETTINGS,
        language: 'simple',
        hybrid_weight: 0.5,
      });
      expect(made).to.include({
        owner,
        name: 'docs',
        dimensions: null,
        language: 'simple',
        hybrid_weight: 0.5,
        chunk_size: 200,
      });
      await rejected(createCollection(database(), owner, 'docs', SETTINGS), CollectionExists);
      expect(await ensureCollection(database(), owner, 'docs', SETTINGS)).to.deep.equal(made);
      expect(await findCollection(database(), owner, 'docs')).to.deep.equal(made);
      expect(await findCollection(database(), other, 'docs')).to.equal(undefined);
      expect((await createCollection(database(), other, 'docs', SETTINGS)).id).to.not.equal(made.id);
    });

    it('are ensured by many at once', async () => {
      const owner = unique('owner');
      const made = await Promise.all(
        Array.from({ length: 6 }, () => ensureCollection(database(), owner, 'docs', SETTINGS)),
      );
      expect(new Set(made.map(({ id }) => id)).size).to.equal(1);
      expect(made[0]).to.include({ language: 'english' });
      expect(made[0]?.hybrid_weight).to.be.closeTo(0.7, 1e-6);
    });

    it('are listed by name with their sizes', async () => {
      const owner = unique('owner');
      const b = await sampleCollection(database(), owner, 'b');
      const a = await sampleCollection(database(), owner, 'a');
      await ingest(database(), b, {
        id: 'one',
        passages: [
          ['x', [1, 0]],
          ['y', [0, 1]],
        ],
      });
      await prepare(database(), b, { id: 'two', passages: [['z', [1, 1]]] });
      expect((await listCollections(database(), owner)).map(({ name }) => name)).to.deep.equal(['a', 'b']);
      const sizes = await collectionSizes(database(), [a.id, b.id]);
      expect(new Map(sizes.map(({ id, ...size }) => [id, size]))).to.deep.equal(
        new Map([
          [a.id, { documents: 0, passages: 0 }],
          [b.id, { documents: 2, passages: 2 }],
        ]),
      );
    });

    it('are deleted with everything in them, also under an ingest', async () => {
      const collection = await sampleCollection(database());
      const { owner, name } = collection;
      await ingest(database(), collection, { id: 'one', passages: [['about cats', [1, 0]]] });
      const pending = await prepare(database(), collection, { id: 'two', passages: [['about dogs', [1, 0]]] });
      expect(await deleteCollection(database(), unique('owner'), name)).to.equal(false);
      expect(await deleteCollection(database(), owner, name)).to.equal(true);
      expect(await deleteCollection(database(), owner, name)).to.equal(false);
      await database().transaction((tx) => publishDocument(tx, { ...pending, status: 'searchable' }));
      expect(await storePassages(database(), { ...pending, text: '', passages: [] })).to.equal(false);
      const search = searchPassages(database(), { owner, collection: name, query: 'cats', top_k: 5, mode: 'text' });
      await rejected(search, CollectionNotFound);
      const rows = await database().query<{ n: number }>(
        'select count(*)::int as n from postings where collection_id = $1::int',
        [collection.id],
      );
      expect(rows).to.deep.equal([{ n: 0 }]);
    });
  });
}
