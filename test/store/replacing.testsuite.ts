import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import { type Collection, collectionSizes } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import {
  deleteDocument,
  forgetDeletions,
  getDocument,
  listDocuments,
  lockDocuments,
} from '../../shared/store/documents.ts';
import { publishDocument } from '../../shared/store/publish.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';
import { storeVectors } from '../../shared/store/vectors.ts';
import { ingest, prepare, sampleCollection } from './samples.ts';

const PASSAGES = 12;
const ROUNDS = 25;
const READERS = 3;

export function replacingSuite(database: () => Database): void {
  const search = ({ owner, name }: Collection) =>
    searchPassages(database(), { owner, collection: name, query: 'marker', top_k: 100, mode: 'text' });
  const exists = async ({ id: collection_id }: Collection) =>
    (await getDocument(database(), { collection_id, id: 'pets' })) !== undefined;
  const pets = (round: number, revision = newId('job')) => ({
    id: 'pets',
    revision,
    title: `round ${round}`,
    metadata: { round },
    passages: Array.from({ length: PASSAGES }, (_, n) => [`marker ${n} of round ${round}`, [1, n + 1]] as const),
  });
  const publish = (edition: { collection_id: number; document_id: string; revision: string }) =>
    database().transaction(async (tx) => {
      void lockDocuments(tx, [edition]);
      await publishDocument(tx, { ...edition, status: 'searchable' });
    });

  describe('a document that is replaced again and again', function () {
    this.timeout(60_000);

    it('is found whole in every search, either as it was or as it is', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, pets(0));
      let replacing = true;
      const seen = new Set<number>();
      const readers = Array.from({ length: READERS }, async () => {
        let searches = 0;
        for (; replacing; searches += 1) {
          const results = await search(collection);
          const rounds = new Set(
            results.map(({ text, title, metadata }) => `${text.split(' ').at(-1)} ${title} ${metadata.round}`),
          );
          expect(results, 'a search saw a part of a document').to.have.lengthOf(PASSAGES);
          expect([...rounds], 'a search saw two documents in one').to.have.lengthOf(1);
          seen.add(Number(results[0]?.metadata.round));
        }
        return searches;
      });
      const writer = (async () => {
        for (let round = 1; round <= ROUNDS; round += 1) await ingest(database(), collection, pets(round));
      })().finally(() => {
        replacing = false;
      });
      const [searches] = await Promise.all([Promise.all(readers), writer]);
      expect(Math.min(...searches)).to.be.above(ROUNDS / 5);
      expect(seen.size, 'the searches saw replacements').to.be.above(2);
      expect((await search(collection))[0]?.metadata).to.deep.equal({ round: ROUNDS });
    });
  });

  describe('a deleted document', () => {
    it('is out of the results at once and stays so, however far its ingest has come', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, pets(0));
      const coming = await prepare(database(), collection, pets(1));
      expect(await deleteDocument(database(), { collection_id: collection.id, id: 'pets' })).to.equal(true);
      expect(await search(collection)).to.deep.equal([]);
      expect(await exists(collection)).to.equal(false);

      await database().transaction((tx) => storeVectors(tx, [{ ...coming, from: 0, vectors: [null] }]));
      await publish(coming);
      expect(await search(collection), 'its ingest ended').to.deep.equal([]);

      await ingest(database(), collection, pets(1, coming.revision));
      expect(await search(collection), 'its ingest began anew').to.deep.equal([]);
      expect(await exists(collection)).to.equal(false);
      expect(await listDocuments(database(), { collection_id: collection.id, limit: 10 })).to.deep.equal([]);
      expect(await collectionSizes(database(), [collection.id])).to.deep.equal([
        { id: collection.id, documents: 0, passages: 0 },
      ]);
      expect(await deleteDocument(database(), { collection_id: collection.id, id: 'pets' })).to.equal(false);
    });

    it('comes back when it is sent again', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, pets(0));
      await deleteDocument(database(), { collection_id: collection.id, id: 'pets' });
      const coming = await prepare(database(), collection, pets(1));
      expect(await getDocument(database(), { collection_id: collection.id, id: 'pets' })).to.include({
        status: 'pending',
        passages: 0,
      });
      await publish(coming);
      expect(await search(collection)).to.have.lengthOf(PASSAGES);
    });

    it('is forgotten after a while, one that lives or comes again is not', async () => {
      const collection = await sampleCollection(database());
      for (const id of ['gone', 'living', 'coming']) await ingest(database(), collection, { ...pets(0), id });
      const pending = await prepare(database(), collection, { ...pets(0), id: 'first' });
      for (const id of ['gone', 'coming']) await deleteDocument(database(), { collection_id: collection.id, id });
      await prepare(database(), collection, { ...pets(1), id: 'coming' });
      expect(await forgetDeletions(database(), { ageS: 60, limit: 100 })).to.equal(0);
      expect(await forgetDeletions(database(), { ageS: 0, limit: 100 })).to.be.at.least(1);
      const left = await database().query<{ id: string }>(
        `select id from documents where collection_id = $1::int order by id`,
        [collection.id],
      );
      expect(left.map(({ id }) => id)).to.deep.equal(['coming', pending.document_id, 'living']);
    });

    it('and a publication at the same moment do not stand in each other’s way', async () => {
      const collection = await sampleCollection(database());
      for (let round = 0; round < 10; round += 1) {
        const coming = await prepare(database(), collection, pets(round));
        const publishing = database().transaction(async (tx) => {
          const [vectors] = pets(round).passages.map(([, vector]) => [vectorBase64(vector)]);
          await Promise.all([
            lockDocuments(tx, [coming]),
            storeVectors(tx, [{ ...coming, from: 0, vectors: vectors ?? [] }]),
            publishDocument(tx, { ...coming, status: 'searchable' }),
          ]);
        });
        const deleting = deleteDocument(database(), { collection_id: collection.id, id: 'pets' });
        await Promise.all(round % 2 === 0 ? [publishing, deleting] : [deleting, publishing]);
        expect(await search(collection)).to.deep.equal([]);
      }
    });
  });
}
