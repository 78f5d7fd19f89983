import { expect } from 'chai';
import type { Database } from '../../shared/store/database.ts';
import { deleteDocument } from '../../shared/store/documents.ts';
import { targetsOf } from '../../shared/store/passages.ts';
import { countLacking } from '../../shared/store/rebuild.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';
import { storeVectors } from '../../shared/store/vectors.ts';
import { generationSteps, NEXT } from './generation-steps.ts';
import { ingest, prepare, sampleCollection } from './samples.ts';

export function generationIngestsSuite(database: () => Database): void {
  const { begin, lacking, build, change, publish, byVector } = generationSteps(database);

  describe('generations of vectors under ingests', () => {
    it('get what an ingest brings that began before them, also after the switch', async () => {
      const collection = await sampleCollection(database());
      const edition = await prepare(database(), collection, { id: 'cats', passages: [['cats purr', [1, 0]]] });
      const next = await begin(collection);
      expect(await targetsOf(database(), edition)).to.have.lengthOf(1);
      const passages = await lacking(next.id);
      expect(passages, 'of a document that nobody can find yet').to.have.lengthOf(1);
      await build(next.id, passages);
      expect(await change(next.id)).to.include({ switched: true });
      expect(await targetsOf(database(), edition), 'nobody wants the former vectors any more').to.deep.equal([]);
      await publish(collection, edition);
      expect((await byVector(collection, NEXT)).map(({ text }) => text)).to.deep.equal(['cats purr']);
    });

    it('are embedded for by ingests that begin after them, for which the build does not wait', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, { id: 'first', passages: [['dogs bark', [1, 0]]] });
      const next = await begin(collection);
      const edition = await prepare(database(), collection, { id: 'cats', passages: [['cats purr', [1, 0]]] });
      expect((await targetsOf(database(), edition)).map(({ embedding_model }) => embedding_model)).to.deep.equal([
        'hand',
        'next',
      ]);
      const passages = await lacking(next.id);
      expect(passages.map(({ text }) => text)).to.deep.equal(['dogs bark']);
      await build(next.id, passages);
      const vectors = [vectorBase64(NEXT)];
      await database().transaction((tx) => storeVectors(tx, [{ ...edition, from: 0, vectors, model: 'next' }]));
      await publish(collection, edition);
      expect(await change(next.id)).to.include({ switched: true, passages: 2 });
      expect(await byVector(collection, NEXT)).to.have.lengthOf(2);
    });

    it('do not become active while a searchable passage lacks its vector', async () => {
      const collection = await sampleCollection(database());
      const next = await begin(collection);
      const edition = await prepare(database(), collection, { id: 'cats', passages: [['cats purr', [1, 0]]] });
      expect(await countLacking(database(), next.id), 'its ingest sees to it').to.equal(0);
      await publish(collection, edition); // though the next model's vector never came
      expect(await change(next.id)).to.include({ switched: false, lacking: 1 });
      await deleteDocument(database(), { collection_id: collection.id, id: 'cats' });
      expect(await change(next.id)).to.include({ switched: true });
    });

    it('forget documents that were replaced or deleted while they were embedded', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, { id: 'cats', passages: [['cats purr', [1, 0]]] });
      await ingest(database(), collection, { id: 'dogs', passages: [['dogs bark', [1, 0]]] });
      const next = await begin(collection);
      const passages = await lacking(next.id);
      await ingest(database(), collection, { id: 'cats', passages: [['cats sleep', [1, 0]]] });
      await deleteDocument(database(), { collection_id: collection.id, id: 'dogs' });
      await build(next.id, passages);
      const left = await lacking(next.id);
      expect(left.map(({ text }) => text)).to.deep.equal(['cats sleep']);
      await build(next.id, left);
      expect(await change(next.id)).to.include({ switched: true, passages: 1 });
    });
  });
}
